(module
  (type (;0;) (func (param i32)))
  (type (;1;) (func (result i32)))
  (type (;2;) (func))
  (type (;3;) (func (param i32) (result i32)))
  (import "host" "a" (func (;0;) (type 0)))
  (import "host" "b" (func (;1;) (type 1)))
  (import "kerb:sandbox" "interrupt" (func (;2;) (type 1)))
  (import "kerb:sandbox" "yield" (func (;3;) (type 2)))
  (import "kerb:sandbox" "grow" (func (;4;) (type 3)))
  (import "kerb:sandbox" "epoch" (memory (;0;) 1 1 shared))
  (func (;5;) (type 1) (result i32)
    call 1)
  (func (;6;) (type 2)
    call 5
    call 0)
  (func (;7;) (type 2)
    (local i32)
    call 2
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
      call 3
    end)
  (export "run" (func 6)))
