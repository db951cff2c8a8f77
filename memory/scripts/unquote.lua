-- These replies took their words back. ARGV: person, source, references...
local key, gone, rest = CONVERSATION .. '/citedby', {}, {}
for i = 3, #ARGV do gone[ARGV[i]] = true end
for _, reference in ipairs(cited_by(key, ARGV[2])) do
  if not gone[reference] then rest[#rest + 1] = reference end
end
uncite(key, ARGV[2])
for _, reference in ipairs(rest) do cite(key, ARGV[2], reference) end
return {}
