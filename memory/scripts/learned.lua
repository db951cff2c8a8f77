-- These messages, as they are at these versions, need not be asked about again.
-- Touches the messages that are given: 500 at most.
-- ARGV: conversation, (id, version)...
for i = 2, #ARGV, 2 do
  local message = unpack_message(ARGV[i])
  if message and message.version == ARGV[i + 1] then redis.call('SREM', CONVERSATION .. '/fresh', ARGV[i]) end
end
unset('learner', 'learning')
if redis.call('EXISTS', CONVERSATION .. '/fresh') == 0 then redis.call('ZREM', QUIET, ARGV[1]) end
