namespace AgentConsole.Core.Deployments.Verdicts;

/// <summary>
/// Logarithm and normal quantile from the four operations and the square root alone, which IEEE 754 defines to the last bit. The
/// platform's own logarithm may differ in the last place between machines, and a decision must replay bit for bit on any of them.
/// </summary>
internal static class StableMath
{
    // ln 2 in two parts: times an exponent the first stays exact.
    private const double Ln2High = 6.93147180369123816490e-01;
    private const double Ln2Low = 1.90821492927058770002e-10;

    /// <param name="x">Normal and above 0.</param>
    public static double Log(double x)
    {
        if (!double.IsNormal(x) || x < 0)
            throw new ArgumentOutOfRangeException(nameof(x));
        var bits = BitConverter.DoubleToInt64Bits(x);
        var exponent = (int)(bits >> 52) - 1023;
        var mantissa = BitConverter.Int64BitsToDouble((bits & 0x000F_FFFF_FFFF_FFFF) | 0x3FF0_0000_0000_0000);
        if (mantissa > 1.4142135623730951)
        {
            mantissa /= 2;
            exponent++;
        }
        // ln m = 2 artanh s; |s| <= 0.172, so that the twelfth term is below the last bit.
        var s = (mantissa - 1) / (mantissa + 1);
        var square = s * s;
        var sum = 0.0;
        for (var k = 25; k >= 3; k -= 2)
            sum = (sum + (1.0 / k)) * square;
        return (exponent * Ln2High) + ((exponent * Ln2Low) + (2 * (s + (s * sum))));
    }

    /// <summary>The z that a standard normal value exceeds with this probability: Wichura's AS 241 (PPND16), good to about 1 part in 10¹⁶.</summary>
    public static double UpperQuantile(double probability)
    {
        if (probability is not (> 0 and < 1))
            throw new ArgumentOutOfRangeException(nameof(probability));
        var q = 0.5 - probability;
        if (Math.Abs(q) <= 0.425)
        {
            var central = 0.180625 - (q * q);
            return q * Polynomial(NearTop, central) / Polynomial(NearBottom, central);
        }
        var r = Math.Sqrt(-Log(q > 0 ? probability : 1 - probability));
        var z =
            r <= 5
                ? Polynomial(MidTop, r - 1.6) / Polynomial(MidBottom, r - 1.6)
                : Polynomial(FarTop, r - 5) / Polynomial(FarBottom, r - 5);
        return q > 0 ? z : -z;
    }

    private static double Polynomial(double[] highestFirst, double x)
    {
        var value = 0.0;
        foreach (var coefficient in highestFirst)
            value = (value * x) + coefficient;
        return value;
    }

    private static readonly double[] NearTop =
    [
        2.5090809287301226727e+3,
        3.3430575583588128105e+4,
        6.7265770927008700853e+4,
        4.5921953931549871457e+4,
        1.3731693765509461125e+4,
        1.9715909503065514427e+3,
        1.3314166789178437745e+2,
        3.3871328727963666080e+0,
    ];

    private static readonly double[] NearBottom =
    [
        5.2264952788528545610e+3,
        2.8729085735721942674e+4,
        3.9307895800092710610e+4,
        2.1213794301586595867e+4,
        5.3941960214247511077e+3,
        6.8718700749205790830e+2,
        4.2313330701600911252e+1,
        1.0,
    ];

    private static readonly double[] MidTop =
    [
        7.74545014278341407640e-4,
        2.27238449892691845833e-2,
        2.41780725177450611770e-1,
        1.27045825245236838258e+0,
        3.64784832476320460504e+0,
        5.76949722146069140550e+0,
        4.63033784615654529590e+0,
        1.42343711074968357734e+0,
    ];

    private static readonly double[] MidBottom =
    [
        1.05075007164441684324e-9,
        5.47593808499534494600e-4,
        1.51986665636164571966e-2,
        1.48103976427480074590e-1,
        6.89767334985100004550e-1,
        1.67638483018380384940e+0,
        2.05319162663775882187e+0,
        1.0,
    ];

    private static readonly double[] FarTop =
    [
        2.01033439929228813265e-7,
        2.71155556874348757815e-5,
        1.24266094738807843860e-3,
        2.65321895265761230930e-2,
        2.96560571828504891230e-1,
        1.78482653991729133580e+0,
        5.46378491116411436990e+0,
        6.65790464350110377720e+0,
    ];

    private static readonly double[] FarBottom =
    [
        2.04426310338993978564e-15,
        1.42151175831644588870e-7,
        1.84631831751005468180e-5,
        7.86869131145613259100e-4,
        1.48753612908506148525e-2,
        1.36929880922735805310e-1,
        5.99832206555887937690e-1,
        1.0,
    ];
}
