-- All facts that rest on this channel's messages are to be looked at: some of them; where to go on ('0': nowhere).
-- Touches about as many facts as a page has. ARGV: conversation, cursor, facts a page
local page = redis.call('HSCAN', CHANNEL .. '/facts', ARGV[2], 'COUNT', ARGV[3])
local known = page[2]
for i = 1, #known, 2 do
  redis.call('ZADD', JOURNAL, 0, doubt('scope', known[i], string.match(known[i + 1], '[^ ]*$')))
end
return page[1]
