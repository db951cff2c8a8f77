-- Replies that depend on a message: their ids, and rows of thread, wrapped key, id and message for the first
-- of them that are stored. ARGV: '', id, most rows
local id, most = ARGV[2], tonumber(ARGV[3])
local found, rows = depending(id, home(id)), {}
for i = 1, math.min(#found, most) do
  local thread = home(found[i])
  if thread then
    for _, part in ipairs({
      thread, redis.call('HGET', CHANNEL .. ':' .. thread .. '/rec', 'key'),
      found[i] .. '\n' .. redis.call('HGET', CHANNEL .. ':' .. thread .. '/msg', found[i]),
    }) do rows[#rows + 1] = part end
  end
end
return { found, rows }
