-- What of a channel rests on what was forgotten goes, some of it at a time: facts learned from it, edits that
-- wait for its messages, its entries in the log. Where to go on ('': all is done).
-- Touches about as many of them as a page has.
-- ARGV: conversation, water, thread, whole channel, person ('': what anybody said), where to go on, page
local water, thread, whole_channel, person = tonumber(ARGV[2]), ARGV[3], ARGV[4] == '1', ARGV[5]
local page, touched, what, at = tonumber(ARGV[7]), 0, nil, nil

local function facts(id, value)
  local home_thread, sent, whose = string.match(value, '^(%S*) (%d+) (.*)$')
  local meant = (whole_channel or home_thread == thread) and (person == '' or whose == person)
  if meant and tonumber(sent) <= water then strike(id, 'gone') end
end

local function pending(key)
  return function(fingerprint, value)
    if tonumber(string.match(value, '^%d+')) <= water then redis.call('HDEL', key, fingerprint) end
  end
end

local function hash(key, look, following)
  local found = redis.call('HSCAN', key, at, 'COUNT', page)
  for i = 1, #found[2], 2 do look(found[2][i], found[2][i + 1]) end
  touched = touched + #found[2] / 2
  return found[1] == '0' and following or what .. ' ' .. found[1]
end

-- What still stands goes to the end of the log, once; indexes begin anew.
local function turn_log(left)
  local entries, rest = redis.call('LPOP', CHANNEL .. '/log', math.min(left, page)) or {}, {}
  for _, id in ipairs(entries) do
    if home(id) then rest[#rest + 1] = id end
  end
  for _, id in ipairs(rest) do redis.call('RPUSH', CHANNEL .. '/log', id) end
  redis.call('EXPIRE', CHANNEL .. '/log', math.max(redis.call('TTL', CHANNEL .. '/count'), 1))
  if #entries > 0 then begin_anew() end
  touched = touched + #entries
  return #entries > 0 and left > #entries and 'log ' .. whole(left - #entries) or ''
end

-- Whose message an edit waits for nobody can tell: it goes with the whole channel alone.
local function behind_facts()
  if whole_channel then return 'older 0' end
  return person == '' and 'log ' .. redis.call('LLEN', CHANNEL .. '/log') or ''
end

local following = ARGV[6] == '' and 'facts 0' or ARGV[6]
while following ~= '' and touched < page do
  what, at = string.match(following, '^(%a+) (%d+)$')
  local older, newer = CHANNEL .. '/pend/' .. (today - 1), CHANNEL .. '/pend/' .. today
  if what == 'facts' then
    following = hash(CHANNEL .. '/facts', facts, behind_facts())
  elseif what == 'older' then
    following = hash(older, pending(older), 'newer 0')
  elseif what == 'newer' then
    following = hash(newer, pending(newer), 'log ' .. redis.call('LLEN', CHANNEL .. '/log'))
  else
    following = turn_log(tonumber(at))
  end
end
local going = redis.call('GET', CHANNEL .. '/going')
if following == '' and whole_channel and going and tonumber(going) <= water then redis.call('DEL', CHANNEL .. '/going') end
return following
