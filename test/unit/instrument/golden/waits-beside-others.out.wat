(module
  (type (;0;) (func (result i32)))
  (type (;1;) (func))
  (type (;2;) (func (param i32) (result i32)))
  (import "host" "quick" (func (;0;) (type 0)))
  (import "host" "slow" (func (;1;) (type 0)))
  (import "kerb:sandbox" "interrupt" (func (;2;) (type 0)))
  (import "kerb:sandbox" "yield" (func (;3;) (type 1)))
  (import "kerb:sandbox" "grow" (func (;4;) (type 2)))
  (import "kerb:sandbox" "wait_i32" (func (;5;) (type 0)))
  (import "kerb:sandbox" "epoch" (memory (;0;) 1 1 shared))
  (func (;6;) (type 0) (result i32)
    call 0
    call 8
    i32.add)
  (func (;7;) (type 1)
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
  (func (;8;) (type 0) (result i32)
    (local i32)
    call 1
    local.set 0
    i32.const 0
    i32.load offset=4
    if (result i32)  ;; label = @1
      call 5
    else
      local.get 0
    end)
  (export "run" (func 6)))
