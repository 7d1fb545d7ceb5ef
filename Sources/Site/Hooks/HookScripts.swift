/// The texts of the files in `hooks/`, byte for byte: the binary brings them along.
/// `HookScriptTests` compares the two; after a change to a file there, put its text here.
package enum HookScripts {
  /// Local and server: every ref that moves through git.
  package static let referenceTransaction = #"""
    #!/bin/sh
    # git-migrate hook: the refs of a migration move by legal ledger entries and to gated trees only.
    # Installed by 'git migrate init'; a hook that was here before is kept beside it and runs first.
    # Only 'prepared' is a question, and only a ref of ours is put to git-migrate; no other ref waits for us.
    chained=$0.migrate-chained
    # Where core.hooksPath led into a work tree, ours lie in a folder of ours, and that one's hook runs first.
    folder=
    if [ ! -e "$chained" ] && [ -f "${0%/*}/chained" ]; then
      read -r folder < "${0%/*}/chained"
      chained=$folder/${0##*/}
    fi
    [ "$1" = prepared ] || [ -x "$chained" ] || exit 0

    filter() {
      common=${GIT_COMMON_DIR:-${GIT_DIR:-.git}}
      [ -f "$common" ] && read -r _ common < "$common"
      if [ -f "$common/commondir" ]; then
        read -r up < "$common/commondir"
        case $up in /*) common=$up ;; *) common=$common/$up ;; esac
      fi
      branches=' '
      if [ -f "$common/migrate/branches" ]; then
        while read -r line; do branches="$branches$line "; done < "$common/migrate/branches"
      fi
      before=
      while read -r old new ref; do
        case $ref in
          refs/migrate/* | refs/heads/migrate/*) ;;
          *)
            case $branches in
              *" $ref "*) ;;
              # A ledger further down may say that this branch is a migration's.
              *)
                case $ref in refs/heads/*) before="$before$old $new $ref
    " ;; esac
                continue
                ;;
            esac
            ;;
        esac
        # Pruning a packed ref changes nothing. Git asks about each by itself, so the answer must be cheap here;
        # a real deletion holds the lock.
        case $new in
          *[!0]*) ;;
          *)
            [ ! -e "$common/packed-refs.lock" ] && [ -f "$common/packed-refs" ] &&
              grep -qxF "$old $ref" "$common/packed-refs" && continue
            ;;
        esac
        if ! command -v git-migrate > /dev/null; then
          echo "fatal: '$ref' belongs to a migration, and 'git-migrate' is not in PATH to judge it" >&2
          exit 1
        fi
        { printf '%s%s\n' "$before" "$old $new $ref" && cat; } | git-migrate hook reference-transaction prepared
        exit
      done
    }

    if [ -x "$chained" ]; then
      input=$(cat && echo .)
      input=${input%.}
      read -r line < "$chained"
      case $folder$line in
        # Sourced, so that it still finds its own name in $0: husky looks its scripts up by that.
        '#!/bin/sh' | '#!/usr/bin/sh' | '#!/usr/bin/env sh') printf %s "$input" | (. "$chained") ;;
        *) printf %s "$input" | "$chained" "$@" ;;
      esac || exit
      [ "$1" = prepared ] || exit 0
      filter "$@" << EOF
    $input
    EOF
    else
      filter "$@"
    fi
    exit 0

    """#

  /// Local: a merge by hand.
  package static let preMergeCommit = #"""
    #!/bin/sh
    # git-migrate hook: nobody merges by hand on the integration branch of an open migration.
    # Installed by 'git migrate init'; a hook that was here before is kept beside it and runs first.
    # Only a branch of ours is put to git-migrate; no other branch waits for us.
    chained=$0.migrate-chained
    # Where core.hooksPath led into a work tree, ours lie in a folder of ours, and that one's hook runs first.
    folder=
    if [ ! -e "$chained" ] && [ -f "${0%/*}/chained" ]; then
      read -r folder < "${0%/*}/chained"
      chained=$folder/${0##*/}
    fi

    filter() {
      common=${GIT_COMMON_DIR:-${GIT_DIR:-.git}}
      [ -f "$common" ] && read -r _ common < "$common"
      read -r _ ref < "$common/HEAD"
      if [ -f "$common/commondir" ]; then
        read -r up < "$common/commondir"
        case $up in /*) common=$up ;; *) common=$common/$up ;; esac
      fi
      branches=' '
      if [ -f "$common/migrate/branches" ]; then
        while read -r line; do branches="$branches$line "; done < "$common/migrate/branches"
      fi
      case $ref in
        refs/heads/migrate/*) ;;
        *) case $branches in *" $ref "*) ;; *) return ;; esac ;;
      esac
      if ! command -v git-migrate > /dev/null; then
        echo "fatal: '$ref' belongs to a migration, and 'git-migrate' is not in PATH to judge it" >&2
        exit 1
      fi
      git-migrate hook pre-merge-commit "$ref"
      exit
    }

    if [ -x "$chained" ]; then
      read -r line < "$chained"
      case $folder$line in
        # Sourced, so that it still finds its own name in $0: husky looks its scripts up by that.
        '#!/bin/sh' | '#!/usr/bin/sh' | '#!/usr/bin/env sh') (. "$chained") ;;
        *) "$chained" "$@" ;;
      esac || exit
    fi
    filter
    exit 0

    """#

  /// Local: what goes to another repository.
  package static let prePush = #"""
    #!/bin/sh
    # git-migrate hook: what is pushed to the refs of a migration must be legal entries and gated trees.
    # Installed by 'git migrate init'; a hook that was here before is kept beside it and runs first.
    # Only a ref of ours is put to git-migrate; no other ref waits for us.
    chained=$0.migrate-chained
    # Where core.hooksPath led into a work tree, ours lie in a folder of ours, and that one's hook runs first.
    folder=
    if [ ! -e "$chained" ] && [ -f "${0%/*}/chained" ]; then
      read -r folder < "${0%/*}/chained"
      chained=$folder/${0##*/}
    fi

    filter() {
      common=${GIT_COMMON_DIR:-${GIT_DIR:-.git}}
      [ -f "$common" ] && read -r _ common < "$common"
      if [ -f "$common/commondir" ]; then
        read -r up < "$common/commondir"
        case $up in /*) common=$up ;; *) common=$common/$up ;; esac
      fi
      branches=' '
      if [ -f "$common/migrate/branches" ]; then
        while read -r line; do branches="$branches$line "; done < "$common/migrate/branches"
      fi
      before=
      while read -r update; do
        # The local name comes first and may be any revision, spaces and all.
        ref=${update% *}
        ref=${ref##* }
        case $ref in
          refs/migrate/* | refs/heads/migrate/*) ;;
          *)
            case $branches in
              *" $ref "*) ;;
              # A ledger further down may say that this branch is a migration's.
              *)
                case $ref in refs/heads/*) before="$before$update
    " ;; esac
                continue
                ;;
            esac
            ;;
        esac
        if ! command -v git-migrate > /dev/null; then
          echo "fatal: '$ref' belongs to a migration, and 'git-migrate' is not in PATH to judge it" >&2
          exit 1
        fi
        { printf '%s%s\n' "$before" "$update" && cat; } | git-migrate hook pre-push "$@"
        exit
      done
    }

    if [ -x "$chained" ]; then
      input=$(cat && echo .)
      input=${input%.}
      read -r line < "$chained"
      case $folder$line in
        # Sourced, so that it still finds its own name in $0: husky looks its scripts up by that.
        '#!/bin/sh' | '#!/usr/bin/sh' | '#!/usr/bin/env sh') printf %s "$input" | (. "$chained") ;;
        *) printf %s "$input" | "$chained" "$@" ;;
      esac || exit
      filter "$@" << EOF
    $input
    EOF
    else
      filter "$@"
    fi
    exit 0

    """#

  /// Server: what comes from other repositories.
  package static let preReceive = #"""
    #!/bin/sh
    # git-migrate hook: what is pushed to the refs of a migration must be legal entries and gated trees.
    # Installed by 'git migrate init'; a hook that was here before is kept beside it and runs first.
    # Only a push with a ref of ours is put to git-migrate; no other ref waits for us.
    chained=$0.migrate-chained
    # Where core.hooksPath led into a work tree, ours lie in a folder of ours, and that one's hook runs first.
    folder=
    if [ ! -e "$chained" ] && [ -f "${0%/*}/chained" ]; then
      read -r folder < "${0%/*}/chained"
      chained=$folder/${0##*/}
    fi
    # At once: a shell reads lines from a pipe byte by byte, and ten thousand refs may come in one push.
    input=$(cat && echo .)
    input=${input%.}

    # The first ref of ours among those that move.
    ours() {
      case $input in
        *' refs/migrate/'*) ref=refs/migrate/ && return ;;
        *' refs/heads/migrate/'*) ref=refs/heads/migrate/ && return ;;
      esac
      common=${GIT_COMMON_DIR:-${GIT_DIR:-.git}}
      [ -f "$common" ] && read -r _ common < "$common"
      if [ -f "$common/commondir" ]; then
        read -r up < "$common/commondir"
        case $up in /*) common=$up ;; *) common=$common/$up ;; esac
      fi
      # A symbolic ref is another name for a branch, and may be one for ours.
      grep -rqs '^ref: ' "$common/refs" && ref='a symbolic ref' && return
      [ -f "$common/migrate/branches" ] || return
      while read -r ref; do
        case $input in *" $ref
    "*) return ;; esac
      done < "$common/migrate/branches"
      return 1
    }

    if [ -x "$chained" ]; then
      read -r line < "$chained"
      case $folder$line in
        # Sourced, so that it still finds its own name in $0: husky looks its scripts up by that.
        '#!/bin/sh' | '#!/usr/bin/sh' | '#!/usr/bin/env sh') printf %s "$input" | (. "$chained") ;;
        *) printf %s "$input" | "$chained" "$@" ;;
      esac || exit
    fi
    ours || exit 0
    if ! command -v git-migrate > /dev/null; then
      echo "fatal: '$ref' belongs to a migration, and 'git-migrate' is not in PATH to judge it" >&2
      exit 1
    fi
    printf %s "$input" | git-migrate hook pre-receive

    """#

  /// For every other hook in a folder of ours: the one of the folder that `core.hooksPath` named.
  package static let forward = #"""
    #!/bin/sh
    # git-migrate hook: none of ours; it runs the one of the folder that core.hooksPath named before.
    # Installed by 'git migrate init', which does not write into a work tree; '--uninstall' puts that back.
    read -r folder < "${0%/*}/chained" || exit 0
    [ -x "$folder/${0##*/}" ] || exit 0
    exec "$folder/${0##*/}" "$@"

    """#
}
