-- A gap was read, unless it was marked again meanwhile; or reading it failed and is put off.
-- Touches one gap. ARGV: conversation, token, mark, ms until somebody tries again (0: it was read)
if get('reader') ~= ARGV[2] then return end
unset('reader')
if ARGV[4] == '0' and get('marked') == ARGV[3] then
  close_gap()
else
  redis.call('ZADD', BEHIND, whole(milliseconds + ARGV[4]), ARGV[1])
end
if ARGV[4] == '0' then unset('wait', 'readings') end
if not get('turn') then look_again() end
