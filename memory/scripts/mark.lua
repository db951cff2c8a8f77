-- Events may have been lost since the newest message before a time: 1, and a gap is open | 2: the same where
-- nobody called, but something is held | 0: nothing lives here. Touches at most 200 messages.
-- ARGV: conversation, token, before, since: as long as something must have been said to count as live,
--       ms for which turns wait until it was read; of a gap that is open already they know
local token, before, since = ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local last = redis.call('ZSCORE', CHANNEL .. '/threads', thread_here())
local joined = get('joined')
if not joined and redis.call('EXISTS', CONVERSATION .. '/msg') == 0 or tonumber(last or 0) < since then return 0 end
-- A reply stands behind what it answers, but may have been posted later than what came after that.
local function said(ids)
  for _, id in ipairs(ids) do
    local message = unpack_message(id)
    if message and message.state ~= 'm' then return id end
  end
end
local window = CONVERSATION .. '/win'
local after = said(redis.call('ZRANGE', window, whole(before), after_water(), 'BYSCORE', 'REV', 'LIMIT', 0, 100))
  or said(redis.call('ZRANGE', window, after_water(), '+inf', 'BYSCORE', 'LIMIT', 0, 100))
local wait = not get('gap') and tonumber(ARGV[5]) or 0
open_gap(after or '', token, wait > 0 and milliseconds + wait or nil)
return joined and 1 or 2
