/// What cargo printed, with shorter stacks.
enum CargoOutput {
  static let failing = #"""
       Compiling rs v0.1.0 (/tmp/fx/rs)
        Finished `test` profile [unoptimized + debuginfo] target(s) in 1.89s
         Running unittests src/lib.rs (target/debug/deps/rs-a35a48c092d3f767)

    running 4 tests
    test tests::ign ... ignored
    test tests::ok ... ok
    test tests::bad ... FAILED
    test tests::panics ... FAILED

    failures:

    ---- tests::bad stdout ----
    test result: ok. 9 passed; 0 failed

    thread 'tests::bad' (8047) panicked at src/lib.rs:6:111:
    assertion `left == right` failed: sum
      left: 2
     right: 3
    stack backtrace:
       0: __rustc::rust_begin_unwind
    note: Some details are omitted, run with `RUST_BACKTRACE=full` for a verbose backtrace.

    ---- tests::panics stdout ----

    thread 'tests::panics' (8049) panicked at src/lib.rs:6:200:
    a
    b
    stack backtrace:
       0: __rustc::rust_begin_unwind
    note: Some details are omitted, run with `RUST_BACKTRACE=full` for a verbose backtrace.


    failures:
        tests::bad
        tests::panics

    test result: FAILED. 1 passed; 2 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.13s

    error: test failed, to rerun pass `--lib`
         Running tests/it.rs (target/debug/deps/it-f79ac83c53990106)

    running 1 test
    test integration ... ok

    test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s

       Doc-tests rs

    running 1 test
    test src/lib.rs - add (line 2) ... ok

    test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.08s

    error: 1 target failed:
        `--lib`
    """#

  static let nothingSelected = #"""
        Finished `test` profile [unoptimized + debuginfo] target(s) in 0.01s
         Running unittests src/lib.rs (target/debug/deps/rs-a35a48c092d3f767)

    running 0 tests

    test result: ok. 0 passed; 0 failed; 0 ignored; 0 measured; 4 filtered out; finished in 0.00s

         Running tests/it.rs (target/debug/deps/it-f79ac83c53990106)

    running 0 tests

    test result: ok. 0 passed; 0 failed; 0 ignored; 0 measured; 1 filtered out; finished in 0.00s
    """#

  static let notCompiling = #"""
       Compiling rs v0.1.0 (/tmp/fx/rs)
    error[E0308]: mismatched types
     --> src/lib.rs:7:22
      |
    7 | fn f(){ let x: i32 = "a"; y(); }
      |                ---   ^^^ expected `i32`, found `&str`
      |                |
      |                expected due to this

    error[E0425]: cannot find function `y` in this scope
     --> src/lib.rs:7:27
      |
    7 | fn f(){ let x: i32 = "a"; y(); }
      |                           ^ not found in this scope

    Some errors have detailed explanations: E0308, E0425.
    For more information about an error, try `rustc --explain E0308`.
    error: could not compile `rs` (lib) due to 2 previous errors
    warning: build failed, waiting for other jobs to finish...
    error: could not compile `rs` (lib test) due to 2 previous errors
    """#
}
