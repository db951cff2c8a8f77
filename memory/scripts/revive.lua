-- Gives a conversation that has no summary its archived ones back, or takes such away (sealed: empty).
-- ARGV: conversation, wrapped key, thread, (name, time, covered as json, sealed)...
local wrapped, thread = ARGV[2], ARGV[3]
if not same_key(get('key'), wrapped) then return end
local bare = redis.call('EXISTS', CONVERSATION .. '/seg') == 0
for i = 4, #ARGV, 4 do
  local name, time, covered, sealed = unpack(ARGV, i, i + 3)
  if sealed == '' then
    scrap(name)
  elseif bare and tonumber(time) > watermark() then
    local size = 0
    for id in pairs(cjson.decode(covered)) do
      size = size + 1
      redis.call('HSETNX', CHANNEL .. '/where', id, thread)
    end
    stand(name, size, time, covered, sealed)
  end
end
share_end({ 'seg', 'cover', 'sum' }, 'rec')
