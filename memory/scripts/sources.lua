-- The messages that segments tell of: wrapped key, rows of id and message, and leaves that also tell of
-- messages that are not stored any more, or were too many. ARGV: conversation, most messages, names...
local left, queue, rows, closed = tonumber(ARGV[2]), { unpack(ARGV, 3) }, {}, {}
while #queue > 0 do
  local name = table.remove(queue)
  local parts = list(redis.call('HGET', CONVERSATION .. '/cover', name))
  if parts[1] then
    for _, child in ipairs(parts) do queue[#queue + 1] = child end
  else
    local whole_leaf = true
    for id in pairs(parts) do
      local value = left > 0 and redis.call('HGET', CONVERSATION .. '/msg', id)
      if value then rows[#rows + 1] = id .. '\n' .. value end
      whole_leaf, left = whole_leaf and value, left - 1
    end
    if not whole_leaf then closed[#closed + 1] = name end
  end
end
return { get('key') or '', rows, closed }
