-- Events may have been lost since the newest message before a time: 1, and a gap is open | 2: the same where
-- nobody called, but something is held | 0: nothing lives here.
-- ARGV: conversation, token, before, since: as long as something must have been said to count as live,
--       ms for which turns wait until it was read; of a gap that is open already they know
local token, before, since = ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local last = redis.call('ZSCORE', CHANNEL .. '/threads', string.sub(CONVERSATION, #CHANNEL + 2))
local joined = get('joined')
if not joined and redis.call('EXISTS', CONVERSATION .. '/msg') == 0 or tonumber(last or 0) < since then return 0 end
local after = ''
for _, id in ipairs(redis.call('ZREVRANGE', CONVERSATION .. '/win', 0, -1)) do
  local message = unpack_message(id)
  -- A reply stands behind what it answers, but may have been posted later than what came after that.
  if message and message.state ~= 'm' then
    after = id
    if tonumber(message.sent) <= before then break end
  end
end
local wait = not get('gap') and tonumber(ARGV[5]) or 0
open_gap(after, token, wait > 0 and milliseconds + wait or nil)
return joined and 1 or 2
