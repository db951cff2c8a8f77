-- What messages are held of a conversation, folded ones too, without their texts, in pages: cursor, (id, head)...
-- It touches so many messages as a page has, of a small conversation (128) all.
-- ARGV: conversation, cursor, messages a page
local page = redis.call('HSCAN', CONVERSATION .. '/msg', ARGV[2], 'COUNT', ARGV[3])
local rows = {}
for i = 1, #page[2], 2 do
  if unpack_message(page[2][i]) then
    rows[#rows + 1] = page[2][i]
    rows[#rows + 1] = string.match(page[2][i + 1], '^%a%d+,%d+')
  end
end
return { page[1], rows }
