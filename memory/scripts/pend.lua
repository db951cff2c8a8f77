-- Keeps an edit that came before its message: done | arrived. Touches at most the 500 messages of the segment
-- that the message was in. ARGV: '', id, fingerprint, version, sealed
local id, fingerprint, version, sealed = unpack(ARGV, 2, 5)
local thread, past = home(id)
if thread then return { 'arrived' } end
strike(id, version)
if past then  -- its text expired, but a summary or an index may still tell what it said
  CONVERSATION = CHANNEL .. ':' .. past
  lose(id)
  bump('revision')
end
local seen = recent('seen', fingerprint)
local kept = recent('pend', fingerprint)
if seen or (kept and tonumber(string.match(kept, '^%d+')) >= tonumber(version)) then return { 'done' } end
drop('pend', fingerprint)
keep('pend', fingerprint, version .. ':' .. sealed)
return { 'done' }
