-- Whether this post is seen for the first time, so that a command runs once. ARGV: conversation, fingerprint, twin's, token
local fingerprint, twin, token = ARGV[2], ARGV[3], ARGV[4]
local seen = recent('seen', fingerprint) or (twin ~= '' and recent('seen', twin))
if not seen then
  keep('seen', fingerprint, '-' .. token)
  if twin ~= '' then keep('seen', twin, '-' .. token) end
  return 1
end
return seen == '-' .. token and 1 or 0
