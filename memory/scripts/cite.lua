-- Says which messages still stand unread for facts, notes whose they will be, and opens a doubt about
-- each until they are written: accepted ids.
-- Touches the messages that are given: as many as one answer of the model has facts.
-- ARGV: conversation, token, thread, seconds facts are kept, ms until the sweep looks, (id, version, person)...
local token, thread, kept, wait = unpack(ARGV, 2, 5)
local accepted = {}
for i = 6, #ARGV, 3 do
  local id, version, person = unpack(ARGV, i, i + 2)
  local message, open = unpack_message(id), doubt(token, id, person)
  local fresh = message and message.version == version and redis.call('HEXISTS', CHANNEL .. '/facts', id) == 0
  if fresh then
    redis.call('HSET', CHANNEL .. '/facts', id, thread .. ' ' .. message.sent .. ' ' .. person)
    redis.call('EXPIRE', CHANNEL .. '/facts', 10 * kept)  -- a fact in use outlives its channel's silence
    redis.call('ZADD', JOURNAL, whole(milliseconds + wait), open)
  end
  if fresh or redis.call('ZSCORE', JOURNAL, open) then accepted[#accepted + 1] = id end
end
return accepted
