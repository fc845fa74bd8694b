(module
  (type (;0;) (func (param i32)))
  (type (;1;) (func (result i32)))
  (type (;2;) (func))
  (type (;3;) (func (param i32) (result i32)))
  (type (;4;) (func (param i32 i32 i32)))
  (import "kerb:sandbox" "interrupt" (func (;0;) (type 1)))
  (import "kerb:sandbox" "yield" (func (;1;) (type 2)))
  (import "kerb:sandbox" "grow" (func (;2;) (type 3)))
  (import "kerb:sandbox" "memory" (memory (;0;) 1 64))
  (import "kerb:sandbox" "epoch" (memory (;1;) 1 1 shared))
  (func (;3;) (type 0) (param i32)
    local.get 0
    i32.const 0
    i32.const 64
    memory.fill
    local.get 0
    i32.const 0
    i32.const 1023
    memory.copy
    local.get 0
    i32.const 0
    i32.const 10
    memory.init 0
    local.get 0
    i32.const 0
    i32.const 1024
    call 6)
  (func (;4;) (type 2)
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
  (func (;5;) (type 3) (param i32) (result i32)
    i32.const 0
    i32.load 1
    if  ;; label = @1
      call 4
    end
    local.get 0
    call 2)
  (func (;6;) (type 4) (param i32 i32 i32)
    local.get 2
    i32.const 16
    i32.gt_u
    local.get 0
    i32.const 31
    i32.shr_u
    i32.or
    i32.const 0
    i32.load 1
    i32.or
    if  ;; label = @1
      local.get 0
      local.get 1
      local.get 2
      call 7
    else
      local.get 2
      i32.const 8
      i32.ge_u
      if  ;; label = @2
        local.get 0
        local.get 2
        i32.add
        i32.const 8
        i32.sub
        local.get 1
        i32.const 255
        i32.and
        i64.extend_i32_u
        i64.const 72340172838076673
        i64.mul
        i64.store align=1
        local.get 0
        local.get 1
        i32.const 255
        i32.and
        i64.extend_i32_u
        i64.const 72340172838076673
        i64.mul
        i64.store align=1
      else
        local.get 2
        i32.const 4
        i32.ge_u
        if  ;; label = @3
          local.get 0
          local.get 2
          i32.add
          i32.const 4
          i32.sub
          local.get 1
          i32.const 255
          i32.and
          i32.const 16843009
          i32.mul
          i32.store align=1
          local.get 0
          local.get 1
          i32.const 255
          i32.and
          i32.const 16843009
          i32.mul
          i32.store align=1
        else
          local.get 2
          i32.const 1
          i32.ge_u
          if  ;; label = @4
            local.get 0
            local.get 2
            i32.add
            i32.const 1
            i32.sub
            local.get 1
            i32.store8
            local.get 0
            local.get 2
            i32.const 1
            i32.shr_u
            i32.add
            local.get 1
            i32.store8
            local.get 0
            local.get 1
            i32.store8
          else
            local.get 0
            local.get 1
            local.get 2
            memory.fill
          end
        end
      end
    end)
  (func (;7;) (type 4) (param i32 i32 i32)
    i32.const 0
    i32.load 1
    if  ;; label = @1
      call 4
    end
    local.get 2
    i32.const 262144
    i32.gt_u
    local.get 0
    i64.extend_i32_u
    local.get 2
    i64.extend_i32_u
    i64.add
    memory.size
    i64.extend_i32_u
    i64.const 16
    i64.shl
    i64.le_u
    i32.and
    if  ;; label = @1
      loop  ;; label = @2
        local.get 2
        i32.const 262144
        i32.sub
        local.set 2
        local.get 0
        local.get 1
        i32.const 262144
        memory.fill
        local.get 0
        i32.const 262144
        i32.add
        local.set 0
        i32.const 0
        i32.load 1
        if  ;; label = @3
          call 4
        end
        local.get 2
        i32.const 262144
        i32.gt_u
        br_if 0 (;@2;)
      end
    end
    local.get 0
    local.get 1
    local.get 2
    memory.fill)
  (export "memory" (memory 0))
  (export "run" (func 3))
  (data (;0;) "0123456789"))
