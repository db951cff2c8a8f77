-- Keeps an edit that came before its message: done | arrived. ARGV: '', id, fingerprint, version, sealed
local id, fingerprint, version, sealed = unpack(ARGV, 2, 5)
if home(id) then return { 'arrived' } end
outdate(id)
strike(id, version)
local seen = recent('seen', fingerprint)
local kept = recent('pend', fingerprint)
if seen or (kept and tonumber(string.match(kept, '^%d+')) >= tonumber(version)) then return { 'done' } end
drop('pend', fingerprint)
keep('pend', fingerprint, version .. ':' .. sealed)
return { 'done' }
