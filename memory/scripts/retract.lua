-- Posts were deleted: they leave the record, and a tombstone stays. Touches at most 10 posts, and the 500
-- messages of the segment that each is in. ARGV: '', prefix of due names, (id, fingerprint)...
for i = 3, #ARGV, 2 do
  local id, fingerprint = ARGV[i], ARGV[i + 1]
  keep('seen', fingerprint, '-')
  drop('pend', fingerprint)
  strike(id, 'gone')
  local thread, past = home(id)
  thread = thread or past  -- its text expired; a summary may still tell of it
  if thread then
    CONVERSATION = CHANNEL .. ':' .. thread
    ARGV[1] = ARGV[2] .. ':' .. thread
    lose(id)
    bump('revision')
    if redis.call('EXISTS', CONVERSATION .. '/owed') == 1 or get('turn') then look(tonumber(get('until') or milliseconds)) end
  end
end
