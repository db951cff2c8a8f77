-- From a time on a channel has another audience: its record goes by it, and a running turn is made again.
-- Touches one conversation. ARGV: conversation, audience, time
local audience, at = ARGV[2], ARGV[3]
local known = tonumber(string.match(redis.call('GET', CHANNEL .. '/scope') or '0', '^%d+'))
if known > tonumber(at) then return end  -- it has changed again since
redis.call('SET', CHANNEL .. '/scope', at .. ' ' .. audience, 'EX', 90 * DAY)
if get('key') and get('audience') ~= audience then
  set('audience', audience)
  unset('text', 'text_revision')
  bump('revision')
end
