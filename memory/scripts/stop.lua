-- Touches one turn. A person ends the reply being written; a stop for another turn changes nothing. ARGV: conversation,
-- turn (empty: whichever is being written)
local turn = get('turn')
if turn and turn ~= '' and (turn == ARGV[2] or ARGV[2] == '') then set('stopped', '1') end
