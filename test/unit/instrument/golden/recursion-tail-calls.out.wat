(module
  (type (;0;) (func (param i32 i32) (result i32)))
  (type (;1;) (func (param i32)))
  (type (;2;) (func (result i32)))
  (type (;3;) (func))
  (type (;4;) (func (param i32) (result i32)))
  (import "kerb:sandbox" "interrupt" (func (;0;) (type 2)))
  (import "kerb:sandbox" "yield" (func (;1;) (type 3)))
  (import "kerb:sandbox" "grow" (func (;2;) (type 4)))
  (import "kerb:sandbox" "epoch" (memory (;0;) 1 1 shared))
  (func (;3;) (type 0) (param i32 i32) (result i32)
    local.get 0
    i32.eqz
    if  ;; label = @1
      local.get 1
      return
    end
    local.get 0
    i32.const 1
    i32.sub
    local.get 1
    local.get 0
    i32.add
    i32.const 0
    i32.load
    if  ;; label = @1
      call 6
    end
    return_call 3)
  (func (;4;) (type 1) (param i32)
    i32.const 0
    i32.load
    if  ;; label = @1
      call 6
    end
    local.get 0
    return_call 5)
  (func (;5;) (type 1) (param i32)
    local.get 0
    return_call 4)
  (func (;6;) (type 3)
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
  (export "count" (func 3))
  (export "ping" (func 4)))
