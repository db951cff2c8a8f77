-- Gives the lease back; unless nothing was in flight, the grace still has to pass.
-- ARGV: conversation, turn, fence, clean, grace ms, wait ms
local turn, fence, clean, grace, wait = ARGV[2], ARGV[3], ARGV[4] == '1', tonumber(ARGV[5]), tonumber(ARGV[6])
if not held(turn, fence) then return end
local ready = clean and milliseconds - 1 - grace + wait or milliseconds + wait
local expires = math.min(tonumber(get('until') or 0), ready)
set('until', whole(expires), 'token', 'released')
look(expires + grace)
