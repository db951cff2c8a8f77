-- Notes up to when a person is forgotten in their space; the sweep goes on with it until it is done.
-- Touches the conversations that are given: 500 at most.
-- ARGV: person, water, done, seconds it is kept, conversations that hold nothing of theirs...
local water, done, kept = tonumber(ARGV[2]), ARGV[3] == '1', ARGV[4]
local leaving, known = beside('leaving'), tonumber(redis.call('HGET', CONVERSATION, 'water') or 0)
if water > known then redis.call('HSET', CONVERSATION, 'water', ARGV[2]) end
redis.call('EXPIRE', CONVERSATION, kept)
if not done and water >= known then
  redis.call('ZADD', leaving, 'NX', whole(milliseconds), ARGV[1])
elseif done and water == known then
  redis.call('ZREM', leaving, ARGV[1])
end
-- Where somebody wrote lately stays: every process notes it but now and then.
for i = 5, #ARGV do
  local at = redis.call('ZSCORE', CONVERSATION .. '/where', ARGV[i])
  if at and tonumber(at) < water - DAY * 1000000 then redis.call('ZREM', CONVERSATION .. '/where', ARGV[i]) end
end
