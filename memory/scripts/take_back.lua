-- Replies that took words from what is gone leave the record; a turn that wrote such words begins anew.
-- ARGV: conversation, turn, first posts of replies...
local ids, done = { unpack(ARGV, 3) }, finished(ARGV[2])
if done and done[1] then ids[#ids + 1] = done[1] end
if get('turn') == ARGV[2] then disturb() end
lose_all(ids)
