-- Forgets up to a time, some of it at a time: done, messages, segments | more, where to go on, key, next key,
-- (id, version, sealed)... From the first call on, nothing said up to then enters or is read. What came later
-- is given back to be sealed under the next key; once all of it is, that one takes the key's place.
-- May be called from the start again, by several at once, and with another time: what was done stays done.
-- Touches about as many messages as a page has, what depends on them (see lose_all), those given, a turn's
-- claims, and with the first call a name of each segment.
-- ARGV: conversation, water, whole channel, next wrapped key, thread, where to go on ('': from the start),
--       messages a page, the key that these are sealed under, (id, version, sealed)...
local water, whole_channel, wrapped, thread = tonumber(ARGV[2]), ARGV[3] == '1', ARGV[4], ARGV[5]
local cursor, page, under = ARGV[6], tonumber(ARGV[7]), ARGV[8]
local MSG, ANEW, LATE, WIN = CONVERSATION .. '/msg', CONVERSATION .. '/anew', CONVERSATION .. '/late', CONVERSATION .. '/win'

if whole_channel and water > tonumber(redis.call('GET', CHANNEL .. '/water') or 0) then
  for _, kind in ipairs({ '/water', '/going' }) do redis.call('SET', CHANNEL .. kind, ARGV[2], 'EX', 90 * DAY) end
end
local known = tonumber(get('water') or 0)
if known >= water and not get('next') then
  local receipt = list(get('receipt'))
  return { 'done', receipt[1] or 0, receipt[2] or 0 }
end

-- Who it was that called is sealed.
local function rejoin(message)
  if message.state == 'c' and tonumber(message.sent) > tonumber(get('joined') or 0) then
    set('joined', message.sent, 'writer', '*')
  end
end

local function narrow_claims()
  local claims, left = list(get('claims')), {}
  for _, id in ipairs(claims) do
    if unpack_message(id) then left[#left + 1] = id end
  end
  if #left == #claims then return end
  set('claims', encode(left))
  if #left == 0 then set('state', 'withdrawn') end
end

-- What is to go is hidden now; to take it away takes longer.
local function hide()
  local segments, quoted = redis.call('ZCARD', CONVERSATION .. '/sum') + tonumber(get('parts') or 0), {}
  for _, name in ipairs(redis.call('ZRANGE', CONVERSATION .. '/leaves', 0, -1)) do quoted[#quoted + 1] = '%' .. thread .. '/' .. name end
  lose_all(quoted)
  for _, kind in ipairs({ 'seg', 'cover', 'sum', 'above', 'leaves' }) do redis.call('UNLINK', CONVERSATION .. '/' .. kind) end
  set('water', ARGV[2], 'parts', segments)
  waters = {}
  unset('joined', 'writer', 'text', 'text_revision')
  for _, id in ipairs(redis.call('ZRANGE', WIN, '+inf', after_water(), 'BYSCORE', 'REV', 'LIMIT', 0, page)) do
    local message = unpack_message(id)
    if message then rejoin(message) end
  end
  narrow_claims()
  begin_anew()
  bump('revision')
  redis.call('EXPIRE', CONVERSATION .. '/rec', 90 * DAY, 'NX')
  redis.call('EXPIRE', CONVERSATION .. '/rec', 90 * DAY, 'GT')
  look_again()
end

if water > known then hide() end
if water > known or cursor == '' then
  redis.call('UNLINK', ANEW, LATE)
  set('next', wrapped)
  cursor = '0'
end

local function take(id, version, sealed)
  local message = unpack_message(id)
  if message and message.version == version then
    redis.call('HSET', ANEW, id, pack(message.state, version, message.sent, message.fingerprint, sealed))
    redis.call('SREM', LATE, id)
  end
end
if same_key(under, get('next')) then
  for i = 9, #ARGV, 3 do take(ARGV[i], ARGV[i + 1], ARGV[i + 2]) end
  share_end({ 'anew' }, 'msg')
end

local survivors, room = {}, LARGEST
local function give(id, message)
  if room < 0 or survivors[id] or redis.call('HEXISTS', ANEW, id) == 1 then return end
  survivors[id] = message
  room = room - #message.sealed
end

local function look_through(found)
  local before, shown, going = redis.call('HLEN', MSG), redis.call('ZCOUNT', WIN, after_water(), '+inf'), {}
  for i = 1, #found, 2 do
    local message = parsed(found[i + 1])
    if tonumber(message.sent) <= watermark() then
      if message.fingerprint ~= '' then keep('seen', message.fingerprint, '') end
      going[#going + 1] = found[i]
    end
  end
  lose_all(going, true)
  redis.call('HINCRBY', CONVERSATION .. '/rec', 'gone', before - redis.call('HLEN', MSG))
  -- A reply to what went goes with it, also if it came later: who has read it has to answer anew.
  if redis.call('ZCOUNT', WIN, after_water(), '+inf') < shown then bump('revision') end
  for i = 1, #found, 2 do
    local message = unpack_message(found[i])
    if message then
      redis.call('ZADD', WIN, message.sent, found[i])
      rejoin(message)
      give(found[i], message)
    end
  end
end

if cursor ~= 'late' then
  local found = redis.call('HSCAN', MSG, cursor, 'COUNT', page)
  look_through(found[2])
  cursor = found[1] == '0' and 'late' or found[1]
end
if cursor == 'late' then
  for _, id in ipairs(redis.call('SRANDMEMBER', LATE, page)) do
    local message = unpack_message(id)
    if message then give(id, message) else redis.call('SREM', LATE, id) end
  end
end
share_end({ 'win' }, 'msg')

if cursor == 'late' and not next(survivors) then
  if redis.call('HLEN', MSG) == redis.call('HLEN', ANEW) then
    local ends = redis.call('EXPIRETIME', MSG)
    redis.call('UNLINK', MSG, LATE)
    if redis.call('EXISTS', ANEW) == 1 then
      redis.call('RENAME', ANEW, MSG)
      if ends > 0 then redis.call('EXPIREAT', MSG, ends) end
      set('key', get('next'))
    else
      unset('key')
      redis.call('ZREM', CHANNEL .. '/threads', thread)
    end
    local gone, segments = tonumber(get('gone') or 0), tonumber(get('parts') or 0)
    unset('next', 'gone', 'parts', 'text', 'text_revision')
    set('receipt', encode({ gone, segments }))
    if not get('joined') and redis.call('EXISTS', MSG) == 0 then close_gap() end
    bump('revision')
    look_again()
    return { 'done', gone, segments }
  end
  cursor = '0'  -- something changed that nobody noted: look again
end

local answer = { 'more', cursor, get('key') or '', get('next') }
for id, message in pairs(survivors) do
  for _, part in ipairs({ id, message.version, message.sealed }) do answer[#answer + 1] = part end
end
return answer
