-- Debris was removed. Touches the posts of one turn. ARGV: conversation, turn, removed ids
local rest = without(list(redis.call('HGET', CONVERSATION .. '/debris', ARGV[2])), cjson.decode(ARGV[3]))
if #rest > 0 then
  redis.call('HSET', CONVERSATION .. '/debris', ARGV[2], cjson.encode(rest))
else
  redis.call('HDEL', CONVERSATION .. '/debris', ARGV[2])
end
look_again()
