-- The record for upkeep and for people: snapshot of the oldest unfolded messages with so many owed ones,
-- how many it holds, its watermark, the ids of the fresh.
-- ARGV: conversation, most messages, most segments, most owed ones
local ids, owed = {}, tonumber(ARGV[4])
for _, id in ipairs(redis.call('ZRANGE', CONVERSATION .. '/win', 0, ARGV[2] - 1)) do
  if redis.call('ZSCORE', CONVERSATION .. '/owed', id) then owed = owed - 1 end
  if owed < 0 then break end
  ids[#ids + 1] = id
end
return { snapshot(ids, ARGV[3]), redis.call('HLEN', CONVERSATION .. '/msg'), whole(watermark()), redis.call('SMEMBERS', CONVERSATION .. '/fresh') }
