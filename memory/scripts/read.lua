-- The record for upkeep and for people: snapshot of the oldest unfolded messages with so many owed ones,
-- how many it holds, its watermark, those of the ids that are fresh. Touches at most 500 messages, of 4 MB,
-- and 500 segments.
-- ARGV: conversation, most messages, most segments, most owed ones
local ids, owed = {}, tonumber(ARGV[4])
for _, id in ipairs(redis.call('ZRANGE', CONVERSATION .. '/win', after_water(), '+inf', 'BYSCORE', 'LIMIT', 0, ARGV[2])) do
  if redis.call('ZSCORE', CONVERSATION .. '/owed', id) then owed = owed - 1 end
  if owed < 0 then break end
  ids[#ids + 1] = id
end
ids = fitting(ids)
-- While somebody forgets, what still has to go does not count, and what stays returns to the window.
local held = get('next') and redis.call('ZCOUNT', CONVERSATION .. '/win', after_water(), '+inf') or redis.call('HLEN', CONVERSATION .. '/msg')
return { snapshot(ids, ARGV[3]), held, whole(watermark()), members('SMISMEMBER', 'fresh', ids) }
