;; The step of a network, four numbers at a time: sums of products, and the gates of each cell.
;; Every sum adds one product after the other, so that `portable.py` and `arithmetic.js` compute
;; the same to the bit. `wasm.py` makes the module of it. Addresses are in bytes.
(module
  (memory (export "memory") 1)

  ;; x P(x^2) / Q(x^2), with x cut where the tangent is 1.
  (func $tanh (param $x v128) (result v128) (local $y v128)
    (local.set $x (f32x4.pmin (f32x4.splat (f32.const 9.011))
      (f32x4.pmax (f32x4.splat (f32.const -9.011)) (local.get $x))))
    (local.set $y (f32x4.mul (local.get $x) (local.get $x)))
    (f32x4.div
      (f32x4.mul (local.get $x)
        (f32x4.add (f32x4.mul (f32x4.add (f32x4.mul (f32x4.add (f32x4.mul (f32x4.add (f32x4.mul
          (f32x4.splat (f32.const 1.3335636e-08))
          (local.get $y)) (f32x4.splat (f32.const 2.0595526e-05)))
          (local.get $y)) (f32x4.splat (f32.const 0.003494771)))
          (local.get $y)) (f32x4.splat (f32.const 0.1338034)))
          (local.get $y)) (f32x4.splat (f32.const 1.0))))
      (f32x4.add (f32x4.mul (f32x4.add (f32x4.mul (f32x4.add (f32x4.mul (f32x4.add (f32x4.mul
        (f32x4.splat (f32.const 7.7688245e-07))
        (local.get $y)) (f32x4.splat (f32.const 0.00032842939)))
        (local.get $y)) (f32x4.splat (f32.const 0.02587388)))
        (local.get $y)) (f32x4.splat (f32.const 0.46713656)))
        (local.get $y)) (f32x4.splat (f32.const 1.0)))))

  (func $sigmoid (param $x v128) (result v128)
    (f32x4.add (f32x4.splat (f32.const 0.5)) (f32x4.mul (f32x4.splat (f32.const 0.5))
      (call $tanh (f32x4.mul (f32x4.splat (f32.const 0.5)) (local.get $x))))))

  (func $hard_sigmoid (param $x v128) (result v128)
    (f32x4.pmin (f32x4.splat (f32.const 1.0)) (f32x4.pmax (f32x4.splat (f32.const 0.0))
      (f32x4.add (f32x4.mul (f32x4.splat (f32.const 0.2)) (local.get $x))
        (f32x4.splat (f32.const 0.5))))))

  ;; Adds to sums the products of inputs with weights, in panels of 32 sums.
  (func (export "multiply")
    (param $to i32) (param $x i32) (param $w i32) (param $inputs i32) (param $panels i32)
    (local $at i32) (local $end i32) (local $s v128)
    (local $a v128) (local $b v128) (local $c v128) (local $d v128)
    (local $e v128) (local $f v128) (local $g v128) (local $h v128)
    (local.set $end (i32.add (local.get $x) (i32.shl (local.get $inputs) (i32.const 2))))
    (loop $panel
      (local.set $a (v128.load (local.get $to)))
      (local.set $b (v128.load offset=16 (local.get $to)))
      (local.set $c (v128.load offset=32 (local.get $to)))
      (local.set $d (v128.load offset=48 (local.get $to)))
      (local.set $e (v128.load offset=64 (local.get $to)))
      (local.set $f (v128.load offset=80 (local.get $to)))
      (local.set $g (v128.load offset=96 (local.get $to)))
      (local.set $h (v128.load offset=112 (local.get $to)))
      (local.set $at (local.get $x))
      (loop $input
        (local.set $s (v128.load32_splat (local.get $at)))
        (local.set $a (f32x4.add (local.get $a)
          (f32x4.mul (local.get $s) (v128.load (local.get $w)))))
        (local.set $b (f32x4.add (local.get $b)
          (f32x4.mul (local.get $s) (v128.load offset=16 (local.get $w)))))
        (local.set $c (f32x4.add (local.get $c)
          (f32x4.mul (local.get $s) (v128.load offset=32 (local.get $w)))))
        (local.set $d (f32x4.add (local.get $d)
          (f32x4.mul (local.get $s) (v128.load offset=48 (local.get $w)))))
        (local.set $e (f32x4.add (local.get $e)
          (f32x4.mul (local.get $s) (v128.load offset=64 (local.get $w)))))
        (local.set $f (f32x4.add (local.get $f)
          (f32x4.mul (local.get $s) (v128.load offset=80 (local.get $w)))))
        (local.set $g (f32x4.add (local.get $g)
          (f32x4.mul (local.get $s) (v128.load offset=96 (local.get $w)))))
        (local.set $h (f32x4.add (local.get $h)
          (f32x4.mul (local.get $s) (v128.load offset=112 (local.get $w)))))
        (local.set $w (i32.add (local.get $w) (i32.const 128)))
        (br_if $input (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 4)))
          (local.get $end))))
      (v128.store (local.get $to) (local.get $a))
      (v128.store offset=16 (local.get $to) (local.get $b))
      (v128.store offset=32 (local.get $to) (local.get $c))
      (v128.store offset=48 (local.get $to) (local.get $d))
      (v128.store offset=64 (local.get $to) (local.get $e))
      (v128.store offset=80 (local.get $to) (local.get $f))
      (v128.store offset=96 (local.get $to) (local.get $g))
      (v128.store offset=112 (local.get $to) (local.get $h))
      (local.set $to (i32.add (local.get $to) (i32.const 128)))
      (br_if $panel (local.tee $panels (i32.sub (local.get $panels) (i32.const 1))))))

  ;; Gates i, f, g, o, and the states that they change. `width` is that of a gate.
  (func (export "lstm") (param $gates i32) (param $h i32) (param $c i32) (param $width i32)
    (local $end i32) (local $f i32) (local $g i32) (local $o i32) (local $v v128)
    (local.set $end (i32.add (local.get $gates) (local.get $width)))
    (local.set $f (local.get $end))
    (local.set $g (i32.add (local.get $f) (local.get $width)))
    (local.set $o (i32.add (local.get $g) (local.get $width)))
    (loop $units
      (v128.store (local.get $c) (local.tee $v (f32x4.add
        (f32x4.mul (call $sigmoid (v128.load (local.get $f))) (v128.load (local.get $c)))
        (f32x4.mul (call $sigmoid (v128.load (local.get $gates)))
          (call $tanh (v128.load (local.get $g)))))))
      (v128.store (local.get $h)
        (f32x4.mul (call $sigmoid (v128.load (local.get $o))) (call $tanh (local.get $v))))
      (local.set $f (i32.add (local.get $f) (i32.const 16)))
      (local.set $g (i32.add (local.get $g) (i32.const 16)))
      (local.set $o (i32.add (local.get $o) (i32.const 16)))
      (local.set $h (i32.add (local.get $h) (i32.const 16)))
      (local.set $c (i32.add (local.get $c) (i32.const 16)))
      (br_if $units (i32.lt_u (local.tee $gates (i32.add (local.get $gates) (i32.const 16)))
        (local.get $end)))))

  (func (export "hard_lstm") (param $gates i32) (param $h i32) (param $c i32) (param $width i32)
    (local $end i32) (local $f i32) (local $g i32) (local $o i32) (local $v v128)
    (local.set $end (i32.add (local.get $gates) (local.get $width)))
    (local.set $f (local.get $end))
    (local.set $g (i32.add (local.get $f) (local.get $width)))
    (local.set $o (i32.add (local.get $g) (local.get $width)))
    (loop $units
      (v128.store (local.get $c) (local.tee $v (f32x4.add
        (f32x4.mul (call $hard_sigmoid (v128.load (local.get $f))) (v128.load (local.get $c)))
        (f32x4.mul (call $hard_sigmoid (v128.load (local.get $gates)))
          (call $tanh (v128.load (local.get $g)))))))
      (v128.store (local.get $h)
        (f32x4.mul (call $hard_sigmoid (v128.load (local.get $o))) (call $tanh (local.get $v))))
      (local.set $f (i32.add (local.get $f) (i32.const 16)))
      (local.set $g (i32.add (local.get $g) (i32.const 16)))
      (local.set $o (i32.add (local.get $o) (i32.const 16)))
      (local.set $h (i32.add (local.get $h) (i32.const 16)))
      (local.set $c (i32.add (local.get $c) (i32.const 16)))
      (br_if $units (i32.lt_u (local.tee $gates (i32.add (local.get $gates) (i32.const 16)))
        (local.get $end)))))

  ;; Gates z, r, n of the input and of the state, and the state that they change.
  (func (export "gru") (param $below i32) (param $h i32) (param $across i32) (param $width i32)
    (local $end i32) (local $at i32) (local $z v128)
    (local.set $end (i32.add (local.get $below) (local.get $width)))
    (loop $units
      (local.set $z (call $sigmoid (f32x4.add
        (v128.load (local.get $below)) (v128.load (local.get $across)))))
      (local.set $at (i32.add (local.get $below) (local.get $width)))
      (v128.store (local.get $h) (f32x4.add
        (f32x4.mul (local.get $z) (v128.load (local.get $h)))
        (f32x4.mul (f32x4.sub (f32x4.splat (f32.const 1.0)) (local.get $z))
          (call $tanh (f32x4.add
            (v128.load (i32.add (local.get $at) (local.get $width)))
            (f32x4.mul
              (call $sigmoid (f32x4.add (v128.load (local.get $at))
                (v128.load (i32.add (local.get $across) (local.get $width)))))
              (v128.load (i32.add (local.get $across)
                (i32.shl (local.get $width) (i32.const 1))))))))))
      (local.set $h (i32.add (local.get $h) (i32.const 16)))
      (local.set $across (i32.add (local.get $across) (i32.const 16)))
      (br_if $units (i32.lt_u (local.tee $below (i32.add (local.get $below) (i32.const 16)))
        (local.get $end)))))

  (func (export "rnn") (param $gates i32) (param $h i32) (param $unused i32) (param $width i32)
    (local $end i32)
    (local.set $end (i32.add (local.get $gates) (local.get $width)))
    (loop $units
      (v128.store (local.get $h) (call $tanh (v128.load (local.get $gates))))
      (local.set $h (i32.add (local.get $h) (i32.const 16)))
      (br_if $units (i32.lt_u (local.tee $gates (i32.add (local.get $gates) (i32.const 16)))
        (local.get $end))))))
