-- All that is held of a conversation, in pages: key, cursor, messages, (leaf, its value, covered)... on the first.
-- ARGV: conversation, cursor, messages a page
local page = redis.call('HSCAN', CONVERSATION .. '/msg', ARGV[2], 'COUNT', ARGV[3])
local rows, leaves = {}, {}
for i = 1, #page[2], 2 do rows[#rows + 1] = page[2][i] .. '\n' .. page[2][i + 1] end
local covers = ARGV[2] == '0' and redis.call('HGETALL', CONVERSATION .. '/cover') or {}
for i = 1, #covers, 2 do
  if string.sub(covers[i + 1], 1, 1) == '{' then
    for _, part in ipairs({ covers[i], redis.call('HGET', CONVERSATION .. '/seg', covers[i]), covers[i + 1] }) do
      leaves[#leaves + 1] = part
    end
  end
end
return { get('key') or '', page[1], rows, leaves }
