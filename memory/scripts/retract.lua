-- Posts were deleted: they leave the record, and a tombstone stays. Touches at most 10 posts, the 500 messages
-- of the segment that each is in, and what depends on them (see lose_all). ARGV: '', (id, fingerprint)...
local ids = {}
for i = 2, #ARGV, 2 do
  local id, fingerprint = ARGV[i], ARGV[i + 1]
  keep('seen', fingerprint, '-')
  drop('pend', fingerprint)
  strike(id, 'gone')
  ids[#ids + 1] = id
end
lose_all(ids)
