;; A plug as a component, written by hand: it tells the assistant that the kettle is on. Everything else it ignores.
;;
;;   wasm-tools parse tea.wat -o tea.wasm
;;
;;   [extensions.plugs.tea]
;;   component = "/home/you/plugs/tea.wasm"
;;
;; With a toolchain, the same takes ten lines: in Rust, `wit_bindgen::generate!` over src/extensions/wit/plug.wit and
;; `cargo build --target wasm32-unknown-unknown`, then `wasm-tools component new`.
(component
  (import "log" (func $log (param "message" string)))
  (core module $libc
    (memory (export "memory") 2)
    (global $next (mut i32) (i32.const 65536))
    (func (export "realloc") (param i32 i32 i32 i32) (result i32)
      (local $at i32)
      (local.set $at (i32.and (i32.add (global.get $next) (i32.const 7)) (i32.const -8)))
      (global.set $next (i32.add (local.get $at) (local.get 3)))
      (if (i32.gt_u (global.get $next) (i32.mul (memory.size) (i32.const 65536)))
        (then (drop (memory.grow (i32.add (i32.const 1) (i32.div_u (local.get 3) (i32.const 65536)))))))
      (local.get $at)))
  (core instance $libc (instantiate $libc))
  (core func $log (canon lower (func $log) (memory (core memory $libc "memory")) (realloc (core func $libc "realloc"))))
  (core module $main
    (import "libc" "memory" (memory 2))
    (import "host" "log" (func $log (param i32 i32)))
    (data (i32.const 4096) "{\"injections\":[{\"key\":\"tea\",\"title\":\"Tea\",\"text\":\"The kettle is on.\"}]}")
    (func (export "init") (param i32 i32) (result i32) (i32.const 1024))
    (func (export "call") (param i32 i32) (result i32)
      (i32.store (i32.const 2052) (i32.const 4096))
      (i32.store (i32.const 2056) (i32.const 71))
      (i32.const 2048)))
  (core instance $main (instantiate $main
    (with "libc" (instance $libc)) (with "host" (instance (export "log" (func $log))))))
  (func (export "init") (param "options" string) (result (result (error string)))
    (canon lift (core func $main "init") (memory (core memory $libc "memory")) (realloc (core func $libc "realloc"))))
  (func (export "call") (param "context" string) (result (result string (error string)))
    (canon lift (core func $main "call") (memory (core memory $libc "memory")) (realloc (core func $libc "realloc")))))
