-- All facts that rest on this channel's messages are to be looked at. ARGV: conversation
local known = redis.call('HGETALL', CHANNEL .. '/facts')
for i = 1, #known, 2 do
  redis.call('ZADD', JOURNAL, 0, doubt('scope', known[i], string.match(known[i + 1], '[^ ]*$')))
end
