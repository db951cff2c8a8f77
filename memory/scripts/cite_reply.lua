-- Notes what a stored reply took words from; if that is gone by now, the reply goes too. ARGV: conversation,
-- reply, sources (json: id and version of each)
local reply = ARGV[2]
if not unpack_message(reply) then return {} end
for _, source in ipairs(list(ARGV[3])) do
  if not stands(source[1], source[2]) then
    lose_all({ reply })
    return {}
  end
  cite(CHANNEL .. '/citedby', source[1], reply)
end
return {}
