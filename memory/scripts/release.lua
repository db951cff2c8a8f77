-- Gives the lease back; unless nothing was in flight, the grace still has to pass.
-- Touches one turn. `failed` counts against the turn, once for each fence. ARGV: conversation, turn, fence, clean, failed, grace ms, wait ms
local turn, fence, clean, failed = ARGV[2], ARGV[3], ARGV[4] == '1', ARGV[5] == '1'
local grace, wait = tonumber(ARGV[6]), tonumber(ARGV[7])
if not held(turn, fence) then return end
if failed and get('token') ~= 'released' then bump('failures') end
local ready = clean and milliseconds - 1 - grace + wait or milliseconds + wait
local expires = math.min(tonumber(get('until') or 0), ready)
set('until', whole(expires), 'token', 'released')
look(expires + grace)
