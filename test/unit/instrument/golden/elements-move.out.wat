(module
  (type (;0;) (func))
  (type (;1;) (func (result i32)))
  (type (;2;) (func (param i32) (result i32)))
  (import "host" "tell" (func (;0;) (type 0)))
  (import "kerb:sandbox" "interrupt" (func (;1;) (type 1)))
  (import "kerb:sandbox" "yield" (func (;2;) (type 0)))
  (import "kerb:sandbox" "grow" (func (;3;) (type 2)))
  (import "kerb:sandbox" "epoch" (memory (;0;) 1 1 shared))
  (func (;4;) (type 0))
  (func (;5;) (type 0)
    ref.func 4
    drop
    i32.const 0
    i32.const 0
    i32.const 2
    table.init 1 2)
  (func (;6;) (type 0)
    (local i32)
    call 1
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
      call 2
    end)
  (table (;0;) 4 10000 funcref)
  (table (;1;) 4 10000 funcref)
  (export "run" (func 5))
  (elem (;0;) (i32.const 0) func 4 0)
  (elem (;1;) (table 1) (i32.const 1) func 4)
  (elem (;2;) func 4 4)
  (elem (;3;) (i32.const 2) funcref (ref.func 4) (ref.null func))
  (elem (;4;) declare func 4)
  (elem (;5;) declare func 4))
