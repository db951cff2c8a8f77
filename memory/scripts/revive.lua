-- Gives a conversation that has no summary its archived ones back, or takes such away (sealed: empty).
-- Touches at most as many segments as a prompt holds, of 500 messages each.
-- ARGV: conversation, wrapped key, thread, (name, time, covered as json, sealed)...
local wrapped = ARGV[2]
if not same_key(get('key'), wrapped) or get('next') then return end  -- another key is to follow
local bare = redis.call('EXISTS', CONVERSATION .. '/seg') == 0
for i = 4, #ARGV, 4 do
  local name, time, covered, sealed = unpack(ARGV, i, i + 3)
  if sealed == '' then
    scrap(name)
  elseif bare and tonumber(time) > watermark() then
    local size, parts = 0, cjson.decode(covered)
    for _ in pairs(parts) do size = size + 1 end
    stand_leaf(name, size, time, covered, parts, sealed)
  end
end
share_end({ 'seg', 'cover', 'sum', 'leaves' }, 'rec')
