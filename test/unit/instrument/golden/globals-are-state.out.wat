(module
  (type (;0;) (func))
  (type (;1;) (func (result i32)))
  (type (;2;) (func (param i32) (result i32)))
  (import "kerb:sandbox" "interrupt" (func (;0;) (type 1)))
  (import "kerb:sandbox" "yield" (func (;1;) (type 0)))
  (import "kerb:sandbox" "grow" (func (;2;) (type 2)))
  (import "kerb:sandbox" "epoch" (memory (;0;) 1 1 shared))
  (func (;3;) (type 0)
    global.get 1
    global.set 0)
  (func (;4;) (type 0)
    (local i32)
    call 0
    local.tee 0
    i32.const 1
    i32.eq
    if  ;; label = @1
      unreachable
    end
    local.get 0
    i32.const 2
    i32.eq
    if  ;; label = @1
      call 1
    end)
  (global (;0;) (mut i32) (i32.const 1))
  (global (;1;) i32 (i32.const 2))
  (global (;2;) (mut f64) (f64.const 0x1.8p+1 (;=3;)))
  (export "run" (func 3))
  (export "kerb:global:0" (global 0))
  (export "kerb:global:2" (global 2)))
