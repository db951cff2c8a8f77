-- Replies that took words from what is known of a person: (source, reference)... ARGV: person, how the names
-- of the sources begin
local key, rows, sources = CONVERSATION .. '/citedby', {}, {}
for _, field in ipairs(redis.call('HKEYS', key)) do
  local begins = string.sub(field, 1, #ARGV[2]) == ARGV[2]
  if begins and not string.find(field, '\t', 1, true) then sources[#sources + 1] = field end
end
for _, source in ipairs(sources) do
  for _, reference in ipairs(cited_by(key, source)) do
    rows[#rows + 1] = source
    rows[#rows + 1] = reference
  end
end
return rows
