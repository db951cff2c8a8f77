-- Whoever looks after an expiring conversation puts it off meanwhile, or says it is done: whether its
-- messages are about to expire, or have. Touches one conversation.
-- ARGV: conversation, milliseconds (0: done), seconds messages are kept
local left = redis.call('TTL', CONVERSATION .. '/msg') - lead(tonumber(ARGV[3]))
if ARGV[2] ~= '0' then
  redis.call('ZADD', EXPIRING, whole(milliseconds + ARGV[2]), ARGV[1])
elseif redis.call('ZCARD', CONVERSATION .. '/win') == 0 then
  redis.call('ZREM', EXPIRING, ARGV[1])
elseif left > 0 then
  redis.call('ZADD', EXPIRING, whole(milliseconds + left * 1000), ARGV[1])
end
return left <= 0 and 1 or 0
