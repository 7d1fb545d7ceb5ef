#!/bin/sh
# Stands in for an agent: reads the prompt, does what $AGENT says with it, and closes as a real one does.
# It is given no variable of ours but HOME.
prompt=$(cat)
id='"session_id":"s'$$'"'
echo '{"type":"system","subtype":"init",'$id',"model":"stub","claude_code_version":"9"}'
text='"content":[{"type":"text","text":"x"}],"usage":{"input_tokens":10,"output_tokens":5}'
echo '{"type":"assistant",'$id',"message":{"id":"m'$$'","model":"stub",'$text'}}'
closing='all is done'
. "$HOME/agent.sh"
models='"modelUsage":{"stub":{"inputTokens":10,"outputTokens":5}}'
end='"terminal_reason":"completed","total_cost_usd":0.25'
printf '%s\n' '{"type":"result","subtype":"success","is_error":false,'$id',"result":"'"$closing"'",'$end','$models'}'
