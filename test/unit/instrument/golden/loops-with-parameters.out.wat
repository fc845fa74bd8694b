(module
  (type (;0;) (func (param i32) (result i32)))
  (type (;1;) (func (param i32 i32) (result i32)))
  (type (;2;) (func (result i32)))
  (type (;3;) (func))
  (import "kerb:sandbox" "interrupt" (func (;0;) (type 2)))
  (import "kerb:sandbox" "yield" (func (;1;) (type 3)))
  (import "kerb:sandbox" "grow" (func (;2;) (type 0)))
  (import "kerb:sandbox" "epoch" (memory (;0;) 1 1 shared))
  (func (;3;) (type 0) (param i32) (result i32)
    i32.const 1
    local.get 0
    loop (param i32 i32) (result i32)  ;; label = @1
      i32.const 0
      i32.load
      if  ;; label = @2
        call 4
      end
      local.set 0
      i32.const 3
      i32.mul
      local.get 0
      i32.const 1
      i32.sub
      local.tee 0
      local.get 0
      br_if 0 (;@1;)
      drop
    end)
  (func (;4;) (type 3)
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
  (export "run" (func 3)))
