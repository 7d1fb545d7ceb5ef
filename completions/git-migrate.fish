# fish completion for git-migrate. fish's own git completion uses it for 'git migrate' too.

# The command that is being completed: the first word after the program that is no option.
function __fish_git_migrate_command
    set -l words (commandline -xpc 2>/dev/null; or commandline -opc)
    set -e words[1]
    # 'git migrate …' reaches us as it is when fish completes it without handing it on.
    if test "$words[1]" = migrate
        set -e words[1]
    end
    for word in $words
        string match -q -- '-*' $word; or begin
            echo $word
            return 0
        end
    end
    return 1
end

function __fish_git_migrate_needs_command
    not __fish_git_migrate_command >/dev/null
end

function __fish_git_migrate_using
    set -l command (__fish_git_migrate_command); or return 1
    contains -- $command $argv
end

# The steps in one of the states given, or all of them, each with its state and title.
function __fish_git_migrate_steps
    git migrate status --porcelain=v1 2>/dev/null | while read -l -d \t migration id state attempts epoch holder expires commit needs reason title
        string match -q '#*' -- $migration; and continue
        if test (count $argv) -eq 0; or contains -- $state $argv
            printf '%s\t%s %s\n' $id $state $title
        end
    end
end

function __fish_git_migrate_migrations
    git migrate status --porcelain=v1 2>/dev/null | string replace -rf '^# migration (\S+) .*' '$1'
end

function __fish_git_migrate_causes
    git migrate failures 2>/dev/null | string match -rg '^(F[0-9]+)  '
end

complete -c git-migrate -f
complete -c git-migrate -n __fish_git_migrate_needs_command -l version -d 'Show the version'
complete -c git-migrate -s h -l help -d 'Show help'

for entry in \
    'abort:End the migration without its result' 'amend:Give a running migration a new plan' \
    'board:Mirror a migration to the board of a forge' \
    'allow:Let findings about a step pass' 'check:Check a plan file without starting anything' 'claim:Take a step to work on' \
    'clean:Remove what ended migrations have left' 'doctor:Check this machine and repository' 'finish:Hand the result back' \
    'failures:Show why steps fail, a cause a line' 'import:Make a plan of the files of another tool' \
    'compare:Compare two plans or agents, step by step' 'diff:Show what differs between two results of a step' \
    'label:Give a cause of failures a name' 'lesson:Tell workers what others failed without' \
    'new:Write a first plan out of a sentence' \
    'fleet:Do a plan in many repositories' 'fsck:Check the ledger, the branches and what lies around them' 'graph:Show which step needs which' \
    'init:Install the hooks that guard migrations' 'ledger:Read and append entries; plumbing' \
    'log:Show what happened' 'logs:Show what workers and verifiers have printed' \
    'mcp:Give an agent the tools verify, status and result' 'pause:Begin nothing new until resume' 'refresh:Take in what happened on the base' \
    'prs:Show where the pull requests are' 'publish:Offer what is merged as pull requests' \
    'approve:Let units be published' 'release:Give a step back' 'renew:Keep a step for longer' 'replay:Show each event with what it changed' \
    'report:Tell what happened, what it cost and what needs you' 'resume:Go on after a pause' 'retry:Let blocked or resting steps try again' \
    'run:Work on the steps until nothing is left' 'show:Show everything about a step' \
    'approve:Take work that waits for a person' 'reject:Send such work back' 'undo:Revert a merged step' \
    'skip:Give up steps that are not needed' 'start:Begin a migration' 'status:Show where every step is' \
    'submit:Hand in a result' 'sync:Exchange the shared ledger' 'trace:Send what happened to a service for traces' 'notify:Tell people what is due' 'dashboard:Serve the report on this machine' 'why:Tell which step brought a line' 'insight:Tell where migrations were hard' 'trust:Approve the commands of a plan' 'verify:Run the gate on your own work' \
    'workers:Print what an engine needs to run workers'
    set -l parts (string split -m1 : -- $entry)
    complete -c git-migrate -n __fish_git_migrate_needs_command -a $parts[1] -d $parts[2]
end
complete -c git-migrate -n '__fish_git_migrate_using board' -a 'pull push'
complete -c git-migrate -n '__fish_git_migrate_using board' -s n -l dry-run -d 'Say what would be done'
complete -c git-migrate -n '__fish_git_migrate_using board' -l by -x -a 'step cause' -d 'What has a card'
complete -c git-migrate -n '__fish_git_migrate_using fleet' -a 'check clone failures publish run status'
complete -c git-migrate -n '__fish_git_migrate_using fleet' -s m -l fleet -x -d 'The fleet'
complete -c git-migrate -n '__fish_git_migrate_using fleet' -s j -l jobs -x -d 'How many workers'
complete -c git-migrate -n '__fish_git_migrate_using fleet' -s q -l quiet -d 'Warnings and the outcome only'
complete -c git-migrate -n '__fish_git_migrate_using fleet' -s n -l dry-run -d 'Say what would be done'
complete -c git-migrate -n '__fish_git_migrate_using fleet' -s l -l list -d 'List every target'
complete -c git-migrate -n '__fish_git_migrate_using fleet' -l wave -x -d 'Open this wave'
complete -c git-migrate -n '__fish_git_migrate_using fleet' -l until -x -d 'Begin no step after'
complete -c git-migrate -n '__fish_git_migrate_using fleet' -l no-push -d 'Push no branches'
complete -c git-migrate -n '__fish_git_migrate_using fleet' -l no-hooks -d 'Install no hooks'
complete -c git-migrate -n '__fish_git_migrate_using fleet' -l by -x -a 'state owner wave cause' -d 'Count by'
complete -c git-migrate -n '__fish_git_migrate_using fleet' -l json -d 'JSON for scripts'
complete -c git-migrate -n '__fish_git_migrate_using ledger' -a 'append bisect cat export'
complete -c git-migrate -n '__fish_git_migrate_using lesson' -a 'add list remove'

# Files
complete -c git-migrate -n '__fish_git_migrate_using start amend check import' -F

# Steps
complete -c git-migrate -n '__fish_git_migrate_using allow diff show logs' -a '(__fish_git_migrate_steps)'
complete -c git-migrate -n '__fish_git_migrate_using claim' -a '(__fish_git_migrate_steps ready)'
complete -c git-migrate -n '__fish_git_migrate_using retry' -a '(__fish_git_migrate_steps blocked backoff)'
complete -c git-migrate -n '__fish_git_migrate_using approve reject' -a '(__fish_git_migrate_steps person proposed)'
complete -c git-migrate -n '__fish_git_migrate_using undo' -a '(__fish_git_migrate_steps merged)'
complete -c git-migrate -n '__fish_git_migrate_using skip' -a '(__fish_git_migrate_steps waiting ready leased submitted gating backoff blocked)'
complete -c git-migrate -n '__fish_git_migrate_using mcp release renew submit verify' -a '(__fish_git_migrate_steps leased)'
complete -c git-migrate -n '__fish_git_migrate_using trust' -a '(__fish_git_migrate_migrations)'

# Options of many commands
set -l migration abort allow amend approve board claim compare dashboard diff failures finish graph insight label lesson log logs mcp notify pause prs publish refresh reject release renew replay report resume retry run show skip status submit trace undo verify workers
set -l json abort allow amend approve board check claim clean compare diff doctor failures finish fsck graph import insight label lesson log new pause prs publish refresh reject release renew replay report resume retry run show skip start status submit sync trace undo verify why workers
complete -c git-migrate -n "__fish_git_migrate_using $migration" -s m -l migration -x -a '(__fish_git_migrate_migrations)' -d 'The migration'
complete -c git-migrate -n "__fish_git_migrate_using $json" -l json -d 'Print JSON for scripts'
complete -c git-migrate -n '__fish_git_migrate_using failures insight log report run show status why' -l color -x -a 'auto always never' -d 'Colour the text'
complete -c git-migrate -n '__fish_git_migrate_using logs mcp release renew submit verify' -l epoch -x -d 'The claim'
complete -c git-migrate -n '__fish_git_migrate_using claim mcp release renew submit verify' -l worker -x -d 'The worker\'s name'
complete -c git-migrate -n '__fish_git_migrate_using abort allow pause reject release retry skip undo' -l reason -x -d 'Why'
complete -c git-migrate -n '__fish_git_migrate_using claim renew' -l ttl -x -d 'How long the claim holds'
complete -c git-migrate -n '__fish_git_migrate_using log replay' -l step -x -a '(__fish_git_migrate_steps)' -d 'About this step'
complete -c git-migrate -n '__fish_git_migrate_using logs show' -s n -l lines -x -d 'The last lines of a log'
complete -c git-migrate -n '__fish_git_migrate_using check logs' -s l -l list -d 'List them'
complete -c git-migrate -n '__fish_git_migrate_using failures logs status' -s a -l all -d 'Everything'
complete -c git-migrate -n '__fish_git_migrate_using init run' -s q -l quiet -d 'Say less'

# Options of one command
complete -c git-migrate -n '__fish_git_migrate_using check' -l schema -d 'Print the JSON Schema of plans'
complete -c git-migrate -n '__fish_git_migrate_using check' -l run-commands -d 'Run the commands that list steps'
complete -c git-migrate -n '__fish_git_migrate_using check' -l base -x -d 'Expand over this commit'
complete -c git-migrate -n '__fish_git_migrate_using check' -l prompt -x -d 'Print the prompt of a step'
complete -c git-migrate -n '__fish_git_migrate_using claim' -l no-worktree -d 'Make no worktree'
complete -c git-migrate -n '__fish_git_migrate_using finish' -l partial -d 'Take what is merged'
complete -c git-migrate -n '__fish_git_migrate_using finish' -l no-merge -d 'Leave the base alone'
complete -c git-migrate -n '__fish_git_migrate_using finish' -l push -d 'Move the base in the shared repository, too'
complete -c git-migrate -n '__fish_git_migrate_using graph' -l dot -d 'In the language of Graphviz'
complete -c git-migrate -n '__fish_git_migrate_using graph' -l mermaid -d 'In the language of Mermaid'
complete -c git-migrate -n '__fish_git_migrate_using graph' -l workflow -d 'The stages instead'
complete -c git-migrate -n '__fish_git_migrate_using submit' -l verdict -x -d 'End the stage with this word'
complete -c git-migrate -n '__fish_git_migrate_using submit' -l note -x -d 'Tell the next stage'
complete -c git-migrate -n '__fish_git_migrate_using graph' -l plan -r -F -d 'A plan file'
complete -c git-migrate -n '__fish_git_migrate_using init' -l uninstall -d 'Undo it'
complete -c git-migrate -n '__fish_git_migrate_using resume' -l budget -x -d 'Let the agents use more'
complete -c git-migrate -n '__fish_git_migrate_using resume' -l agent -x -d 'Let an agent that rests work at once'
complete -c git-migrate -n '__fish_git_migrate_using amend' -l expand -d 'Look for new matches'
complete -c git-migrate -n '__fish_git_migrate_using diff' -l plan -x -d 'Two plans, as 1..2'
complete -c git-migrate -n '__fish_git_migrate_using diff' -l attempt -x -d 'Two attempts, as 1..2'
complete -c git-migrate -n '__fish_git_migrate_using run' -l sample -x -d 'So many steps first'
complete -c git-migrate -n '__fish_git_migrate_using run' -l seed -x -d 'Draw the same'
complete -c git-migrate -n '__fish_git_migrate_using run' -l again -d 'The last sample, merging nothing'
complete -c git-migrate -n '__fish_git_migrate_using run' -l only -x -a '(__fish_git_migrate_steps; __fish_git_migrate_causes)' -d 'These alone'
complete -c git-migrate -n '__fish_git_migrate_using run' -l limit -x -d 'At most so many'
complete -c git-migrate -n '__fish_git_migrate_using run' -s y -l yes -d 'Without asking'
complete -c git-migrate -n '__fish_git_migrate_using run' -l until -x -d 'Begin no step after'
complete -c git-migrate -n '__fish_git_migrate_using run' -l worker -d 'Be one of many'
complete -c git-migrate -n '__fish_git_migrate_using run' -l into -r -d 'Where to clone'
complete -c git-migrate -n '__fish_git_migrate_using run workers' -l clone -x -d 'What to clone'
complete -c git-migrate -n '__fish_git_migrate_using run workers' -l idle -x -d 'Wait so long for work'
complete -c git-migrate -n '__fish_git_migrate_using run claim workers' -l has -x -d 'What the machine has'
complete -c git-migrate -n '__fish_git_migrate_using publish' -s n -l dry-run -d 'Say what would be done when'
complete -c git-migrate -n '__fish_git_migrate_using publish' -l tell -d 'A message for each owner'
complete -c git-migrate -n '__fish_git_migrate_using publish' -l mail -x -a '(__fish_complete_directories)' -d 'Write mail there'
complete -c git-migrate -n '__fish_git_migrate_using publish prs' -l older -x -d 'Open for so long'
complete -c git-migrate -n '__fish_git_migrate_using prs' -l by -x -d 'Of this owner'
complete -c git-migrate -n '__fish_git_migrate_using workers' -l on -x -a 'kubernetes slurm ssh' -d 'What runs them'
complete -c git-migrate -n '__fish_git_migrate_using workers' -s n -l number -x -d 'How many machines'
complete -c git-migrate -n '__fish_git_migrate_using workers' -s j -l jobs -x -d 'Workers on each'
complete -c git-migrate -n '__fish_git_migrate_using workers' -l image -x -d 'What Kubernetes runs'
complete -c git-migrate -n '__fish_git_migrate_using workers' -l hosts -r -d 'A file of hosts'
complete -c git-migrate -n '__fish_git_migrate_using workers' -l submit -d 'Hand it over'
complete -c git-migrate -n '__fish_git_migrate_using run' -l all -d 'Every migration that has not ended'
complete -c git-migrate -n '__fish_git_migrate_using init' -l upgrade -d 'Write the ledger in the newest version'
complete -c git-migrate -n '__fish_git_migrate_using init' -l remote -x -a '(git remote)' -d 'Share through it'
complete -c git-migrate -n '__fish_git_migrate_using ledger' -l raw -d 'The whole message'
complete -c git-migrate -n '__fish_git_migrate_using ledger' -l from -x -d 'From this entry'
complete -c git-migrate -n '__fish_git_migrate_using ledger' -l to -x -d 'Up to this entry'
complete -c git-migrate -n '__fish_git_migrate_using ledger' -s o -l output -r -F -d 'Write it here'
complete -c git-migrate -n '__fish_git_migrate_using ledger' -l by -x -d 'Who says so'
complete -c git-migrate -n '__fish_git_migrate_using ledger' -l perform -d 'Carry out what follows'
complete -c git-migrate -n '__fish_git_migrate_using log' -s n -l max-count -x -d 'At most this many'
complete -c git-migrate -n '__fish_git_migrate_using log' -l kind -x -d 'Of this kind'
complete -c git-migrate -n '__fish_git_migrate_using log' -l reverse -d 'Oldest first'
complete -c git-migrate -n '__fish_git_migrate_using logs' -s f -l follow -d 'Go on as they grow'
complete -c git-migrate -n '__fish_git_migrate_using amend clean run' -s n -l dry-run -d 'Say what it would do'
complete -c git-migrate -n '__fish_git_migrate_using clean' -s f -l force -d 'Remove it'
complete -c git-migrate -n '__fish_git_migrate_using logs' -l baseline -d 'Those of the base itself'
complete -c git-migrate -n '__fish_git_migrate_using logs' -l stdout -d 'Standard output alone'
complete -c git-migrate -n '__fish_git_migrate_using logs' -l stderr -d 'Standard error alone'
complete -c git-migrate -n '__fish_git_migrate_using logs' -l raw -d 'The bytes as they are'
complete -c git-migrate -n '__fish_git_migrate_using release' -s f -l force -d 'Take it from whoever holds it'
complete -c git-migrate -n '__fish_git_migrate_using replay' -l with -r -F -d 'With the policies of this plan'
complete -c git-migrate -n '__fish_git_migrate_using replay' -l expect -r -F -d 'Check an exported ledger'
complete -c git-migrate -n '__fish_git_migrate_using run' -l plan -r -F -d 'Follow this plan file'
complete -c git-migrate -n '__fish_git_migrate_using trust' -l plan -r -F -d 'Approve this plan file'
complete -c git-migrate -n '__fish_git_migrate_using replay' -l at -x -d 'Only this entry'
complete -c git-migrate -n '__fish_git_migrate_using replay' -l from -x -d 'From this entry'
complete -c git-migrate -n '__fish_git_migrate_using replay' -l to -x -d 'Up to this entry'
complete -c git-migrate -n '__fish_git_migrate_using replay' -l full -d 'The whole state'
complete -c git-migrate -n '__fish_git_migrate_using retry' -l all-blocked -d 'Every blocked step'
complete -c git-migrate -n '__fish_git_migrate_using report' -l since -x -a 'yesterday today' -d 'What ended since then, too'
complete -c git-migrate -n '__fish_git_migrate_using report' -l html -r -F -d 'Write the page into a file'
complete -c git-migrate -n '__fish_git_migrate_using report' -l markdown -d 'Print Markdown'
complete -c git-migrate -n '__fish_git_migrate_using report' -l commit -x -a '(git branch --format="%(refname:short)")' -d 'Keep the page on a branch'
complete -c git-migrate -n '__fish_git_migrate_using run' -s v -l verbose -d 'A line for every entry'
complete -c git-migrate -n '__fish_git_migrate_using run' -l progress -x -a 'auto plain' -d 'How to show what goes on'
complete -c git-migrate -n '__fish_git_migrate_using status' -s w -l watch -d 'Keep it up to date'
complete -c git-migrate -n '__fish_git_migrate_using retry' -l failed -d 'Every step that failed'
complete -c git-migrate -n '__fish_git_migrate_using retry' -l prompt-changed -d 'Those with another prompt since'
complete -c git-migrate -n '__fish_git_migrate_using retry skip lesson' -l failure -x -a '(__fish_git_migrate_causes)' -d 'A cause'
complete -c git-migrate -n '__fish_git_migrate_using label show' -a '(__fish_git_migrate_causes)'
complete -c git-migrate -n '__fish_git_migrate_using lesson' -l paths -x -d 'Paths that it is about'
complete -c git-migrate -n '__fish_git_migrate_using import new' -s o -l output -r -F -d 'Write the plan here'
complete -c git-migrate -n '__fish_git_migrate_using new' -l list -d 'Name the examples'
complete -c git-migrate -n '__fish_git_migrate_using new' -l example -x -a 'codemod agent layers uses night people' -d 'Print it'
complete -c git-migrate -n '__fish_git_migrate_using run' -s j -l jobs -x -d 'How many workers'
complete -c git-migrate -n '__fish_git_migrate_using show' -l plan -d 'Print the plan in force'
complete -c git-migrate -n '__fish_git_migrate_using start' -l allow-dirty -d 'Although files have changes'
complete -c git-migrate -n '__fish_git_migrate_using start' -l no-hooks -d 'Install no hooks'
complete -c git-migrate -n '__fish_git_migrate_using status' -l porcelain -d 'Stable records for scripts'
complete -c git-migrate -n '__fish_git_migrate_using status' -s z -d 'End records with NUL'
complete -c git-migrate -n '__fish_git_migrate_using status' -l fetch -d 'Bring the newest entries first'
complete -c git-migrate -n '__fish_git_migrate_using status' -l markdown -d 'Print Markdown'
complete -c git-migrate -n '__fish_git_migrate_using submit' -l commit -x -d 'Hand in this commit'
complete -c git-migrate -n '__fish_git_migrate_using submit' -l no-op -d 'Nothing was to be done'
complete -c git-migrate -n '__fish_git_migrate_using verify' -l no-cache -d 'Also what is known already'
complete -c git-migrate -n '__fish_git_migrate_using submit' -l no-wait -d 'Leave the verdict to a run'
complete -c git-migrate -n '__fish_git_migrate_using trust' -l list -d 'What is approved'
complete -c git-migrate -n '__fish_git_migrate_using trust' -l revoke -d 'Take it back'
complete -c git-migrate -n '__fish_git_migrate_using trust' -s y -l yes -d 'Without asking'

# fish 3.6 does not hand 'git migrate' on to us by itself. Where this file is sourced at start-up (conf.d), this does.
complete -c git -n '__fish_git_using_command migrate' -a '(__fish_git_complete_custom_command migrate)'
complete -c git-migrate -n '__fish_git_migrate_using mcp' -l relay -r -F -d 'Ask the run there'
complete -c git-migrate -n '__fish_git_migrate_using trace' -l otlp -x -d 'Where they go'
complete -c git-migrate -n '__fish_git_migrate_using trace' -l since -x -a 'yesterday today' -d 'Only what ended since then'
complete -c git-migrate -n '__fish_git_migrate_using trace' -l content -d 'With prompts and closing words'
complete -c git-migrate -n '__fish_git_migrate_using trace' -l header -x -d 'A further head of the request'
complete -c git-migrate -n '__fish_git_migrate_using notify' -s n -l dry-run -d 'Tell nobody'
complete -c git-migrate -n '__fish_git_migrate_using dashboard' -l control -d 'Let the page pause, resume, retry, approve'
complete -c git-migrate -n '__fish_git_migrate_using dashboard' -l port -x -d 'The port'
complete -c git-migrate -n '__fish_git_migrate_using why' -l at -x -a '(git branch --format="%(refname:short)")' -d 'The commit or branch'
complete -c git-migrate -n '__fish_git_migrate_using why' -F
complete -c git-migrate -n '__fish_git_migrate_using insight' -l by -x -a 'dir owner agent plan cause import' -d 'By what'
