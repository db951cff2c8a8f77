-- Takes messages out of a conversation, those of one person and what quotes them. Nothing that they
-- wrote up to a time enters any more.
-- ARGV: conversation, writer, person, water, thread, last call, number of leaves,
--       leaves that tell of them..., ids...
local writer, person, water, thread, last = ARGV[2], ARGV[3], tonumber(ARGV[4]), ARGV[5], ARGV[6] == '1'
local waters, first, changed = CONVERSATION .. '/waters', 8 + tonumber(ARGV[7]), false
if tonumber(redis.call('HGET', waters, writer) or 0) < water then redis.call('HSET', waters, writer, ARGV[4]) end
redis.call('EXPIRE', waters, 90 * DAY)

for i = 8, first - 1 do
  local covered = redis.call('HGET', CONVERSATION .. '/cover', ARGV[i])
  if covered then
    changed = true
    unfold((next(cjson.decode(covered))))
  end
end
local ids = {}
for i = first, #ARGV do
  local message = unpack_message(ARGV[i])
  strike(ARGV[i], 'gone')
  if message then
    if message.fingerprint ~= '' then keep('seen', message.fingerprint, '') end
    ids[#ids + 1] = ARGV[i]
  end
end
changed = #lose_all(ids) > 0 or changed
if changed then
  unset('text', 'text_revision')
  bump('revision')
end
if not last then return end

local resting = redis.call('HGETALL', CHANNEL .. '/facts')
for i = 1, #resting, 2 do
  local at, sent, whose = string.match(resting[i + 1], '^(%S*) (%d+) (.*)$')
  if at == thread and whose == person and tonumber(sent) <= water then strike(resting[i], 'gone') end
end
local joined = nil
for _, value in ipairs(redis.call('HVALS', CONVERSATION .. '/msg')) do
  local at = string.match(value, '^c%d+,(%d+)')
  if at and (not joined or tonumber(at) > tonumber(joined)) then joined = at end
end
if get('joined') then
  if joined then
    set('joined', joined)
  else
    unset('joined')
    close_gap()
  end
  if get('writer') == writer then unset('writer') end
end
if redis.call('EXISTS', CONVERSATION .. '/msg', CONVERSATION .. '/cover') == 0 then
  unset('key')
  redis.call('ZREM', CHANNEL .. '/threads', thread)
end
look_again()
