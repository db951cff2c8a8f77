-- Who reads a gap, or goes on reading: after, mark, joined, audience, readings | nothing: not this caller.
-- Touches one gap. ARGV: conversation, token, ms until another may, the message up to which all was taken in ('': said before)
local token, gap = ARGV[2], get('gap')
if not gap then
  close_gap()
  return {}
end
if get('reader') ~= token then
  if tonumber(redis.call('ZSCORE', BEHIND, ARGV[1]) or 0) > milliseconds then return {} end
  set('reader', token)
  bump('readings')
end
if ARGV[4] ~= '' then
  gap = ARGV[4]
  set('gap', gap)
  unset('readings')
end
redis.call('ZADD', BEHIND, whole(milliseconds + ARGV[3]), ARGV[1])
return { gap, get('marked'), get('joined') or '0', get('audience') or '', get('readings') or '0' }
