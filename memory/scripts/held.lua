-- All that is held of a conversation, in pages: key, cursor, messages, (leaf, its value, covered)...
-- Touches about as many messages, or segments of 500, as a page has. ARGV: conversation, kind (msg, cover), cursor, page
local kind = ARGV[2]
local page = redis.call('HSCAN', CONVERSATION .. '/' .. kind, ARGV[3], 'COUNT', ARGV[4])
local found, rows, leaves = page[2], {}, {}
for i = 1, #found, 2 do
  local name, value = found[i], found[i + 1]
  if kind == 'msg' then
    if tonumber(string.match(value, ',(%d+)')) > watermark() then rows[#rows + 1] = name .. '\n' .. value end
  elseif string.sub(value, 1, 1) == '{' and not outdated() then
    local text = redis.call('HGET', CONVERSATION .. '/seg', name)
    for _, part in ipairs({ name, text, value }) do leaves[#leaves + 1] = part end
  end
end
return { get('key') or '', page[1], rows, leaves }
