-- Keeps the time of an edit whose message is not held, never its text: done | arrived. Touches at most the 500
-- messages of the segment that the message was in. ARGV: '', id, fingerprint, version
local id, fingerprint, version = unpack(ARGV, 2, 4)
local thread, past = home(id)
if thread then return { 'arrived' } end
strike(id, version)
if past then lose_all({ id }) end  -- its text expired, but a summary or a reply may still tell what it said
local seen = recent('seen', fingerprint)
local kept = recent('pend', fingerprint)
if seen or (kept and tonumber(string.match(kept, '^%d+')) >= tonumber(version)) then return { 'done' } end
drop('pend', fingerprint)
keep('pend', fingerprint, version)
return { 'done' }
