-- Takes messages out of a conversation, those of one person and what quotes them. Nothing that they
-- wrote up to a time enters any more. Touches at most 10 messages and segments, and the 500 messages of
-- the segment that each is in; with the last call 100 more.
-- ARGV: conversation, writer, person, water, thread, last call, the last message with which somebody else
--       called ('': nobody did), number of leaves, leaves that tell of them..., ids...
local writer, water, thread, last, call = ARGV[2], tonumber(ARGV[4]), ARGV[5], ARGV[6] == '1', ARGV[7]
local waters_here, first, changed = CONVERSATION .. '/waters', 9 + tonumber(ARGV[8]), false
if tonumber(redis.call('HGET', waters_here, writer) or 0) < water then redis.call('HSET', waters_here, writer, ARGV[4]) end
redis.call('EXPIRE', waters_here, 90 * DAY)

for i = 9, first - 1 do
  local covered = redis.call('HGET', CONVERSATION .. '/cover', ARGV[i])
  if covered then
    changed = true
    take_apart(ARGV[i], cjson.decode(covered))
  end
end
local gone = {}
for i = first, #ARGV do
  local message = unpack_message(ARGV[i])
  strike(ARGV[i], 'gone')
  if message then
    changed = true
    if message.fingerprint ~= '' then keep('seen', message.fingerprint, '') end
    gone[#gone + 1] = ARGV[i]
  end
end
lose_all(gone)
if changed then
  unset('text', 'text_revision')
  bump('revision')
end
if not last then return end

local joined = 0
local ids = redis.call('ZRANGE', CONVERSATION .. '/win', '+inf', after_water(), 'BYSCORE', 'REV', 'LIMIT', 0, 100)
for _, id in ipairs({ call, unpack(ids) }) do
  local message = unpack_message(id)
  if message and message.state == 'c' then joined = math.max(joined, tonumber(message.sent)) end
end
if get('joined') then
  if joined > 0 then
    set('joined', whole(joined))
  else
    unset('joined')
    -- What others said is still compared with what people see.
    if redis.call('EXISTS', CONVERSATION .. '/msg') == 0 then close_gap() end
  end
  if get('writer') == writer then unset('writer') end
end
if redis.call('EXISTS', CONVERSATION .. '/msg', CONVERSATION .. '/cover') == 0 then
  unset('key')
  redis.call('ZREM', CHANNEL .. '/threads', thread)
end
look_again()
