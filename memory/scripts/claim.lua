-- Who runs a command that came as a post: first (the caller, now) | running (somebody else) | done.
-- Touches one command. ARGV: conversation, fingerprint, twin's, token, it was run, milliseconds that a runner is trusted
local fingerprint, twin, token, done, patience = ARGV[2], ARGV[3], ARGV[4], ARGV[5] == '1', tonumber(ARGV[6])
local function mark(value)
  keep('seen', fingerprint, value)
  if twin ~= '' then keep('seen', twin, value) end
end
if done then
  mark('-')
  return 'done'
end
local seen = recent('seen', fingerprint) or (twin ~= '' and recent('seen', twin))
local runner, since = string.match(seen or '', '^%-(%S+) (%d+)$')
if seen and not runner then return 'done' end
if runner and runner ~= token and tonumber(since) + patience > milliseconds then return 'running' end
mark('-' .. token .. ' ' .. (runner == token and since or whole(milliseconds)))
return 'first'
