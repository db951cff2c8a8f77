-- The record for upkeep and for people: snapshot of the oldest unfolded messages before the first owed,
-- how many it holds, its watermark, the ids of the fresh.
-- ARGV: conversation, most messages, most segments
local ids = {}
for _, id in ipairs(redis.call('ZRANGE', CONVERSATION .. '/win', 0, ARGV[2] - 1)) do
  if redis.call('ZSCORE', CONVERSATION .. '/owed', id) then break end
  ids[#ids + 1] = id
end
return { snapshot(ids, ARGV[3]), redis.call('HLEN', CONVERSATION .. '/msg'), whole(watermark()), redis.call('SMEMBERS', CONVERSATION .. '/fresh') }
