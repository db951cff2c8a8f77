-- A person ends the reply being written; a stop for another turn changes nothing. ARGV: conversation, turn
if get('turn') == ARGV[2] then set('stopped', '1') end
